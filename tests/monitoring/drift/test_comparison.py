from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.monitoring.drift.comparison import compare, forgive_unseen
from dragoman.monitoring.drift.parts import Parts


def multinomials(texts: int, shares: list[float]):
    """All counts and their probabilities."""
    for drawn in itertools.combinations_with_replacement(range(len(shares)), texts):
        counts = np.bincount(drawn, minlength=len(shares))
        ways = math.factorial(texts) / math.prod(math.factorial(count) for count in counts.tolist())
        yield counts.astype(np.int64), ways * math.prod(s**c for s, c in zip(shares, counts.tolist(), strict=True))


def is_super_uniform(p_values: list[float], probabilities: list[float]) -> bool:
    order = np.argsort(p_values)
    sums = np.cumsum(np.array(probabilities)[order])
    return bool((sums <= np.array(p_values)[order] + 1e-9).all())


@pytest.mark.parametrize("shape", ["shares", "categories"])
@pytest.mark.parametrize(("m", "n"), [(5, 3), (3, 6)])
@pytest.mark.parametrize("shares", [[0.5, 0.3, 0.2], [0.9, 0.06, 0.04], [0.4, 0.3, 0.3]])
def test_every_level_of_a_cell_is_kept_exactly(shape, m, n, shares):
    """Over all references and windows there can be."""
    parts = Parts([3], [shape], [0])
    found = [
        (math.exp(compare(parts, window, reference).log_p[0]), its * own)
        for reference, its in multinomials(m, shares)
        for window, own in multinomials(n, shares)
    ]

    assert is_super_uniform(*map(list, zip(*found, strict=True)))


@pytest.mark.parametrize(("m", "n"), [(3, 7), (5, 5), (7, 4)])
def test_it_is_kept_where_the_edges_are_the_references_own_values(m, n):
    """All orders of reference and window on the line are equally likely."""
    parts = Parts([m + 1], ["quantiles"], [0])
    reference = np.array([0] + [1] * m)  # below the smallest value, and from each value to the next
    p_values = []
    for places in itertools.combinations(range(m + n), m):
        before = np.searchsorted(places, np.setdiff1d(np.arange(m + n), places))
        window = np.bincount(before, minlength=m + 1)
        p_values.append(math.exp(compare(parts, window, reference).log_p[0]))

    assert is_super_uniform(p_values, [1 / len(p_values)] * len(p_values))
    assert min(p_values) < 0.2


@settings(max_examples=50)
@given(st.integers(0, 2**32))
def test_a_cell_of_several_histograms_pays_for_all(seed):
    chance = np.random.default_rng(seed)
    window, reference = chance.multinomial(60, np.full(8, 1 / 8), (2, 3)), chance.multinomial(90, np.full(8, 1 / 8), 3)
    alone = compare(Parts([8] * 3, ["quantiles"] * 3, [0, 1, 2]), window[0].ravel(), reference.ravel())

    together = compare(Parts([8] * 3, ["quantiles"] * 3, [0, 0, 0]), window[0].ravel(), reference.ravel())

    assert together.log_p[0] == pytest.approx(min(alone.log_p.min() + math.log(3), 0.0))


def test_the_winner_is_the_part_that_has_changed():
    parts = Parts([34], ["quantiles"], [0])
    reference, window = np.full(34, 30), np.full(34, 10)
    window[20:24] += 50

    found = compare(parts, window, reference)

    start, stop = parts.start[found.winner[0]], parts.stop[found.winner[0]]
    assert start <= 20
    assert 24 <= stop <= start + 8
    assert found.effect[0] == pytest.approx(window[start:stop].sum() / 540 - (stop - start) / 34)


def test_a_part_with_less_than_the_least_change_wins_only_without_others():
    parts = Parts([4], ["categories"], [0])
    reference, window = np.array([500, 440, 60, 0]), np.array([8_700, 11_300, 0, 0])

    winners = [compare(parts, window, reference, min_change=change).winner[0] for change in (0.0, 0.08, 0.5)]

    assert winners == [2, 1, 2]


def test_inflated_counts_say_less():
    parts = Parts([4], ["categories"], [0])
    reference, window = np.array([500, 400, 100, 0]), np.array([300, 600, 100, 0])
    tenth = compare(parts, window // 10, reference // 10)

    inflated = compare(parts, window, reference, inflation=np.full(len(parts.start), 10.0))

    assert inflated.log_p[0] == pytest.approx(tenth.log_p[0])


def test_a_category_that_the_reference_may_have_missed_is_forgiven():
    """77 categories, of which a small reference has seen some: the rest is nothing new."""
    chance = np.random.default_rng(1)
    p_values = []
    for _ in range(400):
        counts = chance.multinomial(150, np.full(77, 1 / 77))
        seen = counts > 0
        shares = np.append(np.full(seen.sum(), 1 / 77), (~seen).sum() / 77)
        parts = Parts([len(shares)], ["categories"], [0])
        p_values.append(compare(parts, chance.multinomial(5_000, shares), np.append(counts[seen], 0)).log_p[0])

    assert np.mean(np.exp(p_values) <= 0.05) <= 0.05
    assert np.mean(np.exp(p_values) <= 0.005) <= 0.015


def test_what_the_window_has_not_is_not_added_to_the_reference():
    parts = Parts([4, 3], ["categories", "shares"], [0, 1])
    reference = np.array([5, 1, 1, 0, 9, 1, 0])

    assert forgive_unseen(parts, np.array([5, 0, 0, 0, 9, 1, 4]), reference).tolist() == reference.tolist()
    assert forgive_unseen(parts, np.array([0, 0, 0, 2, 9, 1, 4]), reference).tolist() == [5, 1, 1, 7, 9, 1, 0]


@settings(max_examples=30)
@given(st.integers(0, 2**32))
def test_what_is_not_worth_it_changes_nothing_else(seed):
    chance = np.random.default_rng(seed)
    parts = Parts([12, 12, 5], ["quantiles", "shares", "categories"], [0, 1, 2])
    window = np.concatenate([chance.multinomial(400, chance.dirichlet(np.full(size, 20.0))) for size in (12, 12, 5)])
    reference = np.concatenate([chance.multinomial(900, np.full(size, 1 / size)) for size in (12, 12, 5)])
    exact, quick = (compare(parts, window, reference, worth=worth) for worth in (1.0, 1e-3))

    small = exact.log_p <= math.log(1e-3)
    assert quick.log_p[small] == pytest.approx(exact.log_p[small])
    assert (quick.log_p[~small] > math.log(1e-3)).all()
    assert Counter(quick.winner[small].tolist()) == Counter(exact.winner[small].tolist())

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.monitoring.drift.effect import change_interval, share_interval

COUNTS = st.tuples(st.integers(0, 500), st.integers(1, 500)).map(sorted)


@given(COUNTS, COUNTS, st.floats(1e-6, 0.5))
def test_the_change_lies_in_its_interval(now, before, alpha):
    low, high = change_interval(*now, *before, alpha=alpha)

    assert -1 - 1e-9 <= low <= now[0] / now[1] - before[0] / before[1] <= high <= 1 + 1e-9


@given(COUNTS, COUNTS)
def test_the_way_back_is_the_mirror_image(now, before):
    low, high = change_interval(*now, *before, alpha=0.05)

    assert change_interval(*before, *now, alpha=0.05) == pytest.approx((-high, -low))


def test_newcombes_example_of_two_proportions():
    """56 of 70 and 48 of 80 (Newcombe 1998, table II, method 10)."""
    low, high = change_interval(56, 70, 48, 80, alpha=0.05)

    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=1e-4)


@pytest.mark.parametrize(
    ("n", "m", "now", "before"), [(50, 300, 0.1, 0.05), (50, 5_000, 0.3, 0.3), (400, 300, 0.9, 0.7)]
)
def test_95_percent_of_intervals_hold_the_truth(n, m, now, before):
    chance = np.random.default_rng(1)
    counts = np.stack([chance.binomial(n, now, 2_000), chance.binomial(m, before, 2_000)], axis=1).tolist()
    ends = [change_interval(hits, n, others, m, alpha=0.05) for hits, others in counts]

    assert np.mean([low <= now - before <= high for low, high in ends]) == pytest.approx(0.95, abs=0.02)


def test_without_texts_anything_may_be():
    assert change_interval(0, 0, 0, 0, alpha=0.05) == pytest.approx((-0.71, 0.71), abs=0.01)


def test_wilsons_interval_of_a_share():
    """The textbook's 81 of 263, and none of 20, as in table I of Newcombe's paper on single proportions (1998)."""
    assert share_interval(81, 263, alpha=0.05) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert share_interval(0, 20, alpha=0.05) == pytest.approx((0.0, 0.1611), abs=1e-4)

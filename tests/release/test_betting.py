from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.release.betting import bets, interval, log_factors, log_wealth
from dragoman.release.tally import BINS, HARMS, Tally

WORSE, NONE, BETTER = BINS - 1, BINS // 2, 0


def counts_of(**places: int) -> np.ndarray:
    counts = np.zeros(BINS)
    for name, count in places.items():
        counts[{"worse": WORSE, "none": NONE, "better": BETTER}[name]] = count
    return counts


@pytest.mark.parametrize("limit", [0.005, 0.07, 0.5, 0.9])
def test_the_mean_e_value_at_the_limit_is_one(limit):
    """Exact: over all numbers of harmed requests of ten, where each is harmed with the limit's probability."""
    n = 10
    shares = [math.comb(n, k) * limit**k * (1 - limit) ** (n - k) for k in range(n + 1)]
    wealth = [math.exp(log_wealth(counts_of(worse=k, none=n - k), limit, 0.0)) for k in range(n + 1)]

    assert np.dot(shares, wealth) == pytest.approx(1.0)


@pytest.mark.parametrize(("worse", "better"), [(0.03, 0.01), (0.3, 0.28), (0.01, 0.2)])
def test_the_mean_e_value_is_at_most_one_where_the_mean_is_at_most_the_limit(worse, better):
    n, limit, total = 6, 0.02, 0.0
    for up, down in itertools.product(range(n + 1), repeat=2):
        if up + down <= n:
            ways = math.comb(n, up) * math.comb(n - up, down)
            share = ways * worse**up * better**down * (1 - worse - better) ** (n - up - down)
            total += share * math.exp(log_wealth(counts_of(worse=up, better=down, none=n - up - down), limit, -1.0))

    assert total <= 1.0 + 1e-9
    if worse - better == pytest.approx(limit):
        assert total == pytest.approx(1.0)


@given(st.lists(st.sampled_from([WORSE, NONE, BETTER]), max_size=12), st.floats(0.001, 0.5))
def test_wealth_is_what_playing_one_request_after_the_other_gives(places, limit):
    wealth = np.ones_like(bets(limit, -1.0))
    for place in places:
        wealth *= 1 + bets(limit, -1.0) * (HARMS[place] - limit)

    counts = np.bincount(np.array(places, dtype=int), minlength=BINS)
    assert log_wealth(counts, limit, -1.0) == pytest.approx(math.log(wealth.mean()))


@given(st.floats(0.001, 0.97), st.sampled_from([-1.0, 0.0]))
def test_no_value_ruins_the_player(limit, least):
    factors = np.exp(log_factors(limit, least))[least - 1e-9 <= HARMS]

    assert factors.min() > 0.01
    assert bets(limit, least).min() > 0
    assert np.all(np.diff(bets(limit, least)) >= -1e-12)


def test_evidence_of_many_cells_is_that_of_each():
    rng = np.random.default_rng(0)
    counts, limits = rng.integers(0, 9, size=(3, 4, BINS)), rng.uniform(0.01, 0.3, size=(3, 4))
    together = log_wealth(counts, limits, -1.0)

    assert together.shape == (3, 4)
    assert together[1, 2] == pytest.approx(float(log_wealth(counts[1, 2], limits[1, 2], -1.0)))


def test_a_drop_gives_evidence_of_harm_and_its_mirror_image_evidence_of_safety():
    harmed, healthy = counts_of(worse=60, none=440), counts_of(worse=1, none=499)

    assert log_wealth(harmed, 0.05, 0.0) > math.log(1_000)
    assert log_wealth(harmed[::-1], -0.05, -1.0) < 0
    assert log_wealth(healthy, 0.05, 0.0) < 0
    assert log_wealth(healthy[::-1], -0.05, -1.0) > math.log(1_000)


# Intervals -----------------------------------------------------------------------------------------------------------


def test_without_requests_the_interval_is_everything():
    low, high = interval(np.zeros((2, BINS)), [-1.0, 0.0], alpha=0.05)

    assert (low.tolist(), high.tolist()) == ([-1.0, 0.0], [1.0, 1.0])


def test_the_ends_are_where_the_evidence_of_one_side_reaches_its_level():
    counts = counts_of(worse=30, none=940, better=30)
    low, high = interval(counts, -1.0, alpha=0.1)

    assert math.exp(log_wealth(counts, float(low), -1.0)) == pytest.approx(20, rel=0.05)
    assert math.exp(log_wealth(counts[::-1], -float(high), -1.0)) == pytest.approx(20, rel=0.05)
    assert float(low) == pytest.approx(-float(high), abs=1e-4)


@settings(max_examples=40)
@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500))
def test_an_interval_holds_the_mean(worse, none, better):
    counts = counts_of(worse=worse, none=none, better=better)
    low, high = interval(counts, -1.0, alpha=0.05)

    mean = Tally(counts).mean
    assert -1.0 <= low <= mean + 1e-9
    assert mean - 1e-9 <= high <= 1.0


@pytest.mark.parametrize(("share", "least"), [(0.05, 0.0), (0.3, 0.0), (0.02, -1.0)])
def test_intervals_looked_at_all_the_time_hold_the_truth_as_often_as_they_say(share, least):
    """300 paths of 1,000 requests, looked at 40 times: level 90%, and 4 standard deviations of luck."""
    rng, shape = np.random.default_rng(5), (300, 40)
    counts = np.zeros((*shape, BINS))
    counts[..., WORSE] = rng.binomial(25, share, size=shape).cumsum(axis=1)
    counts[..., BETTER] = rng.binomial(25, share, size=shape).cumsum(axis=1) if least < 0 else 0
    counts[..., NONE] = 25 * np.arange(1, shape[1] + 1) - counts[..., WORSE]
    low, high = interval(counts, np.full(shape, least), alpha=0.1)

    truth = share if least == 0 else 0.0
    missed = ((low > truth) | (high < truth)).any(axis=1).mean()
    assert missed <= 0.1 + 4 * math.sqrt(0.1 * 0.9 / shape[0])

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from dragoman.feedback.proportions import effective_interval
from dragoman.loop.bounds import exact_interval, mixed, sure_fall, widened
from dragoman.records import Interval

shares = st.floats(0.02, 0.98)
numbers = st.integers(5, 3_000)


def test_the_exact_interval_is_that_of_clopper_and_pearson():
    found = exact_interval(0.8, 50, n=50, level=0.99)
    assert (found.low, found.high) == pytest.approx((beta.ppf(0.005, 40, 11), beta.ppf(0.995, 41, 10)))


@given(shares, numbers)
def test_an_interval_is_the_one_that_the_other_level_would_have_given(share, n):
    measured = effective_interval(share, 0.9 * n, freedom=n - 1, n=n)
    wanted = effective_interval(share, 0.9 * n, freedom=n - 1, n=n, level=0.9999)
    found = widened(measured, 0.9999)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=3e-3)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_at_the_ends_only_one_side_is_open(share):
    found = widened(effective_interval(share, 30, freedom=29, n=30), 0.9999)
    assert found.value == share
    assert 0.3 < found.high - found.low < 0.6


@given(shares, shares, numbers)
def test_a_sure_fall_is_less_than_the_measured_one(before, now, n):
    one, other = (exact_interval(share, n, n=n, level=0.95) for share in (before, now))
    assert sure_fall(one, other) <= before - now


def test_falls_that_are_none_are_found_as_rarely_as_the_level_says():
    chance = np.random.default_rng(5)
    before, now = chance.binomial(280, 0.9, 4_000) / 280, chance.binomial(60, 0.9, 4_000) / 60
    found = [
        sure_fall(exact_interval(one, 280, n=280, level=0.95), exact_interval(other, 60, n=60, level=0.95)) > 0
        for one, other in zip(before.tolist(), now.tolist(), strict=True)
    ]
    assert np.mean(found) < 0.025


def test_a_mean_of_languages_is_surer_than_each_of_them():
    part = Interval(value=0.8, low=0.7, high=0.9, n=50)
    together = mixed([(1, part), (1, part)])
    assert together.value == pytest.approx(0.8)
    assert together.high - together.low == pytest.approx(0.2 / np.sqrt(2))
    assert together.n == 100

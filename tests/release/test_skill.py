from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dragoman.release.skill import Moments, fall_p_value, low_p_value, mean_interval, smallest_detectable_fall


@pytest.mark.parametrize("n", [8, 30, 300])
def test_the_interval_is_nearly_that_of_students_t(n: int) -> None:
    values = np.random.default_rng(n).normal(3.0, 2.0, n)

    found = mean_interval(Moments.of(values), level=0.9)

    low, high = stats.t.interval(0.9, n - 1, loc=values.mean(), scale=stats.sem(values))
    assert found.high - found.low == pytest.approx(high - low, rel=0.01)
    assert (found.n, found.value) == (n, (found.low + found.high) / 2) == (n, pytest.approx(values.mean()))


def test_too_few_values_have_no_interval() -> None:
    found = mean_interval(Moments.of(np.array([1.0, 2.0])), level=0.9)

    assert (found.low, found.high) == (-math.inf, math.inf)


@pytest.mark.parametrize("n", [5, 40, 400])
@pytest.mark.parametrize("alpha", [0.05, 0.001])
def test_where_both_are_as_good_a_small_p_value_is_as_rare_as_it_says(n: int, alpha: float) -> None:
    """Differences with long tails: the cube of a normal number has a kurtosis of 46."""
    drawn = np.random.default_rng(1).normal(size=(8_000, n)) ** 3
    found = np.array([fall_p_value(Moments.of(row)) for row in drawn])

    assert (found <= alpha).mean() <= alpha + 3 * math.sqrt(alpha / 8_000)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=10))
def test_a_p_value_is_at_least_the_share_of_the_signs_that_fall_as_much(values: list[float]) -> None:
    numbers = np.array(values)
    signs = np.array(np.meshgrid(*[[-1, 1]] * len(values))).reshape(len(values), -1)
    falls = numbers @ signs

    exact = (falls >= numbers.sum() - 1e-9 * np.abs(numbers).sum()).mean()

    assert fall_p_value(Moments.of(numbers)) >= exact * (1 - 1e-6) or exact == 1.0


def test_a_fall_of_the_smallest_detectable_size_is_found_about_as_often_as_asked() -> None:
    rng = np.random.default_rng(1)
    size = smallest_detectable_fall(Moments(n=400, mean=0.0, deviation=1.0), alpha=0.01, power=0.8)
    drawn = rng.normal(size, 1.0, size=(3_000, 400))

    found = np.mean([fall_p_value(Moments.of(row)) <= 0.01 for row in drawn])

    assert found == pytest.approx(0.8, abs=0.04)


def test_no_fall_is_no_evidence_and_a_certain_one_is_enough() -> None:
    assert fall_p_value(Moments.of(np.zeros(50))) == fall_p_value(Moments.of(-np.ones(50))) == 1.0
    assert fall_p_value(Moments.of(np.ones(50))) < 1e-9


def test_a_mean_below_its_floor_is_seen() -> None:
    values = np.random.default_rng(1).normal(0.5, 0.2, 400)

    assert low_p_value(Moments.of(values), 0.6) < 1e-9
    assert low_p_value(Moments.of(values), 0.4) > 0.999

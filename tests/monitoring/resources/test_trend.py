from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dragoman.monitoring.resources.trend import (
    concordance,
    kendall_p_value,
    sign_p_value,
    theil_sen,
    von_neumann,
)

numbers = st.lists(st.integers(-1000, 1000), min_size=3, max_size=30).map(lambda found: np.array(found, dtype=float))


@settings(max_examples=50, deadline=None)
@given(values=numbers)
def test_the_slope_is_the_one_of_theil_and_sen(values: np.ndarray) -> None:
    assert theil_sen(values) == pytest.approx(stats.theilslopes(values).slope)


def test_a_quarter_of_the_values_may_be_wrong() -> None:
    values = 3.0 * np.arange(24)
    values[[1, 7, 8, 15, 20, 23]] = 1e6
    assert theil_sen(values) == pytest.approx(3.0, rel=0.2)


@pytest.mark.parametrize(("rises", "n"), [(0, 5), (3, 5), (5, 5), (22, 23), (23, 23)])
def test_the_sign_test_is_that_of_the_binomial(rises: int, n: int) -> None:
    assert sign_p_value(rises, n) == pytest.approx(stats.binomtest(rises, n, alternative="greater").pvalue)


def test_the_p_value_of_pairs_counts_all_orders() -> None:
    orders = [concordance(np.array(order, dtype=float)) for order in itertools.permutations(range(6))]
    for rising in range(16):
        expected = sum(found >= rising for found in orders) / len(orders)
        assert kendall_p_value(rising, 6) == pytest.approx(expected)


def test_a_third_of_values_that_all_rise_has_the_least_p_value() -> None:
    assert kendall_p_value(28, 8) == pytest.approx(1 / 40_320)
    assert concordance(np.arange(8.0)) == 28
    assert concordance(np.zeros(8)) == 0


def test_noise_around_a_line_is_rough_and_a_walk_is_smooth() -> None:
    draw = np.random.default_rng(3)
    noise = [von_neumann(5.0 * np.arange(24) + draw.normal(size=24)) for _ in range(200)]
    walks = [von_neumann(np.cumsum(draw.normal(size=24))) for _ in range(200)]
    assert np.quantile(noise, 0.05) > 1.3 > np.quantile(walks, 0.9)
    assert von_neumann(np.zeros(24)) == 2.0

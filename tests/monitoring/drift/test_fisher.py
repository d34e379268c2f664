from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from dragoman.monitoring.drift import hypergeometric
from dragoman.monitoring.drift.fisher import log_p_values
from dragoman.monitoring.drift.hypergeometric import log_least_tail_factor, log_point, log_tail_factor

CELL = st.integers(0, 60) | st.integers(0, 30_000)


def columns(*tables: tuple[int, int, int, int]) -> list[np.ndarray]:
    return list(np.array(tables, dtype=np.int64).T)


def exact_p(a: int, b: int, c: int, d: int) -> Fraction:
    """Twice the tail on the side of the deviation, in whole numbers."""
    inside, n, total = a + c, a + b, a + b + c + d
    lowest, highest = max(0, n + inside - total), min(inside, n)
    tail = range(a, highest + 1) if a * d >= b * c else range(lowest, a + 1)
    ways = sum(math.comb(inside, k) * math.comb(total - inside, n - k) for k in tail)
    return min(Fraction(2 * ways, math.comb(total, n)), Fraction(1))


@settings(max_examples=150)
@given(st.tuples(*[st.integers(0, 40)] * 4))
def test_a_p_value_is_that_of_counting_all_tables(table):
    (log_p,) = log_p_values(*columns(table))

    assert log_p == pytest.approx(math.log(exact_p(*table)), abs=1e-10)


@settings(max_examples=150)
@given(st.lists(st.tuples(CELL, CELL, CELL, CELL), min_size=1, max_size=6))
def test_p_values_agree_with_scipy(tables):
    a, b, c, d = columns(*tables)
    upper = hypergeom.logsf(a - 1, a + b + c + d, a + c, a + b)
    lower = hypergeom.logcdf(a, a + b + c + d, a + c, a + b)
    expected = np.minimum(math.log(2) + np.where(a * d >= b * c, upper, lower), 0.0)

    known = np.isfinite(expected) & (expected > -600)
    assert log_p_values(a, b, c, d)[known] == pytest.approx(expected[known], abs=1e-6)


@pytest.mark.parametrize("table", [(80, 20, 20, 180), (0, 100, 900, 100), (300, 300, 20, 700), (500, 100, 100, 3_000)])
def test_tails_are_right_far_below_what_numbers_hold(table):
    exact = exact_p(*table)
    logarithm = math.log(exact.numerator) - math.log(exact.denominator)

    (log_p,) = log_p_values(*columns(table))

    assert logarithm < math.log(1e-30)
    assert log_p == pytest.approx(logarithm, abs=1e-9)


def test_a_tail_of_1e_minus_50_is_right():
    (log_p,) = log_p_values(*columns((200, 100, 150, 650)))

    assert log_p == pytest.approx(math.log(exact_p(200, 100, 150, 650)), abs=1e-9)
    assert 1e-55 < math.exp(log_p) < 1e-45


@pytest.mark.parametrize("scale", [10_000, 1_000_000, 50_000_000])
def test_a_long_tail_is_integrated_as_well_as_added(monkeypatch, scale):
    chance = np.random.default_rng(1)
    n, m = chance.integers(scale // 2, scale, (2, 40))
    a = chance.binomial(n, 0.3)
    c = chance.binomial(m, 0.3 + 0.5 * chance.normal(size=40) / np.sqrt(scale))
    grow, shrink = np.where(a * (m - c) >= c * (n - a), (a, m - c), (n - a, c)), None
    shrink = np.where(a * (m - c) >= c * (n - a), (n - a, c), (a, m - c))
    integrated = log_tail_factor(tuple(grow), tuple(shrink))

    monkeypatch.setattr(hypergeometric, "LONGEST", 10**9)

    assert log_tail_factor(tuple(grow), tuple(shrink)) == pytest.approx(integrated, abs=1e-8)


def test_probabilities_of_all_tables_add_up_to_one():
    inside = np.arange(31)
    points = log_point(inside, 30 - inside, 50 - inside, 20 + inside)

    assert np.exp(points).sum() == pytest.approx(1.0, abs=1e-12)


def test_the_point_of_a_huge_table_keeps_its_digits():
    """At the mean of a table with all margins 2k it is close to that of a normal distribution, 1 / sqrt(pi k)."""
    k = 50_000_000
    (log_p,) = log_point(*columns((k, k, k, k)))

    assert log_p == pytest.approx(-0.5 * math.log(math.pi * k / 2), abs=1e-7)


@settings(max_examples=150)
@given(st.tuples(CELL, CELL, CELL, CELL), st.floats(-60.0, 0.0))
def test_only_p_values_that_are_surely_not_worth_it_are_left_rough(table, worth):
    (exact,), (found,) = log_p_values(*columns(table)), log_p_values(*columns(table), worth=worth)

    assert found <= exact + 1e-9
    assert found == exact or found > worth


@settings(max_examples=100)
@given(st.tuples(CELL, CELL, CELL, CELL))
def test_the_quick_bound_of_a_tail_is_below_it(table):
    a, b, c, d = columns(table)
    if (a * d < b * c).any():
        a, b, c, d = b, a, d, c

    assert log_least_tail_factor((a, d), (b, c)) <= log_tail_factor((a, d), (b, c)) + 1e-9

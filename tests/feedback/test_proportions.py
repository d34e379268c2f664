from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dragoman.feedback.proportions import beta_cdf, beta_quantile, effective_interval, t_quantile

SHAPES = st.floats(0.05, 5_000)


@settings(max_examples=60, deadline=None)
@given(SHAPES, SHAPES, st.floats(0.001, 0.999))
def test_quantiles_of_beta_are_those_of_scipy(a, b, share):
    assert beta_quantile(share, a, b) == pytest.approx(stats.beta.ppf(share, a, b), abs=1e-9)
    assert beta_cdf(share, a, b) == pytest.approx(stats.beta.cdf(share, a, b), abs=1e-9)


@pytest.mark.parametrize("freedom", [1, 2.5, 4, 30, 1_000])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_quantiles_of_t_are_those_of_scipy(level, freedom):
    assert t_quantile(level, freedom) == pytest.approx(stats.t.ppf((1 + level) / 2, freedom), rel=1e-9)


@pytest.mark.parametrize(("right", "n"), [(0, 10), (7, 10), (10, 10), (198, 200)])
def test_the_interval_of_many_degrees_of_freedom_is_the_exact_one(right, n):
    found = effective_interval(right / n, n, freedom=1e9, n=n)
    exact = stats.binomtest(right, n).proportion_ci(method="exact")
    assert (found.low, found.high) == (pytest.approx(exact.low, abs=1e-6), pytest.approx(exact.high, abs=1e-6))


def test_few_degrees_of_freedom_make_the_interval_wider():
    wide, narrow = (effective_interval(0.9, 50, freedom=freedom, n=50) for freedom in (5, 500))
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high
    assert (wide.value, wide.n, wide.level) == (0.9, 50, 0.95)

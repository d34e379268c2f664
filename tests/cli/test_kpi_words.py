from __future__ import annotations

import pytest

from dragoman.cli.kpi_words import between, decimals
from dragoman.records import Interval


def interval(low: float, high: float) -> Interval:
    return Interval(value=(low + high) / 2, low=low, high=high, n=10)


@pytest.mark.parametrize(
    ("low", "high", "places"), [(0.0, 1.0, 2), (0.01, 0.08, 4), (-600.0, 600.0, 0), (1.0, 1.0, 4), (0.0, 1e-12, 9)]
)
def test_as_many_decimals_are_shown_as_the_interval_knows(low, high, places):
    assert decimals(interval(low, high)) == places


def test_an_interval_is_two_numbers_with_a_sign_where_it_is_a_difference():
    assert between(interval(1234.5, 2345.6)) == "1,234 to 2,346"
    assert between(interval(-0.0123, 0.0345), sign="+") == "-0.0123 to +0.0345"
    assert between(None) == ""

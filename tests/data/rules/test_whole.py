from __future__ import annotations

import math
import statistics
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.data.rules.tables import batch, check, column

from dragoman.data.rules.exact_sum import ExactSum

LANGUAGES = column('type = "string"', "language")


def shares(lines: str) -> str:
    return LANGUAGES + f"[languages]\n[languages.shares]\n{lines}\n"


@given(
    rows=st.lists(st.sampled_from(["de", "en", "fr", None]), max_size=30),
    low=st.sampled_from([0, 0.1, 0.25, 0.5]),
    high=st.sampled_from([0.5, 0.75, 1]),
)
def test_shares_are_of_the_rows_with_a_value(rows, low, high):
    report = check(
        shares(f"de = {{ min = {low}, max = {high} }}"), batch({"language": pa.array(rows, pa.string())})
    ).report
    given_rows = [one for one in rows if one is not None]
    if (low, high) != (0, 1):
        assert bool(report.unjudged) == (not given_rows)
    if given_rows:
        assert report.passed == (low <= given_rows.count("de") / len(given_rows) <= high)


def test_a_share_is_told_in_numbers():
    report = check(
        shares("de = { min = 0.5 }\nen = { max = 0.4 }"), batch({"language": ["de", "en", "en", "fr"]})
    ).report
    assert [(one.words, one.observed) for one in report.violations] == [
        ("the share of 'de' in 'language' is at least 0.5", "it is 0.25: 1 of 4 rows"),
        ("the share of 'en' in 'language' is at most 0.4", "it is 0.5: 2 of 4 rows"),
    ]


@pytest.mark.parametrize(("rows", "passed"), [(0, False), (1, False), (2, True), (3, True), (4, False)])
def test_row_counts_have_bounds(rows, passed):
    report = check(
        column('type = "integer"') + "[rows]\nmin = 2\nmax = 3", batch({"x": pa.array(range(rows), pa.int64())})
    ).report
    assert report.passed == passed


FRESH = column('type = "time"') + '[freshness]\ncolumn = "x"\nmax_age_hours = 24'


@pytest.mark.parametrize(
    ("times", "passed", "why"),
    [
        (["2026-11-22T12:00:00Z", None, "2020-01-01"], True, ""),
        (["2026-11-22T11:59:59Z"], False, ""),
        (["2099-01-01", "2026-11-22T11:59:59Z"], False, ""),
        (["2099-01-01"], True, "no row has a time up to now"),
        ([None], True, "no row has a time"),
        ([], True, "no row has a time"),
    ],
)
def test_the_newest_row_of_the_past_says_how_fresh_the_data_are(times, passed, why):
    report = check(FRESH, batch({"x": pa.array(times, pa.string())})).report
    assert report.passed == passed
    assert [one.why for one in report.unjudged] == [why] * bool(why)


# Measures -------------------------------------------------------------------------------------------------------------

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(FINITE, max_size=30))
def test_sums_of_floats_and_of_squares_are_exact(values):
    numbers = ExactSum()
    squares = ExactSum()
    numbers.add(np.array(values))
    squares.add_squares(np.array(values))
    assert numbers.total == sum(map(Fraction, values), Fraction(0))
    assert squares.total == sum((Fraction(value) ** 2 for value in values), Fraction(0))


def measured(name: str, values: pa.Array, bounds: str) -> bool:
    contract = column('type = "number"') + f'[[expectations]]\ntype = "{name}"\ncolumn = "x"\n{bounds}\n'
    return check(contract, batch({"x": values})).report.passed


MEASURES = {
    "expect_column_min_to_be_between": min,
    "expect_column_max_to_be_between": max,
    "expect_column_mean_to_be_between": lambda values: float(sum(map(Fraction, values)) / len(values)),
    "expect_column_sum_to_be_between": lambda values: float(sum(map(Fraction, values))),
    "expect_column_unique_value_count_to_be_between": lambda values: len(set(values)),
    "expect_column_proportion_of_unique_values_to_be_between": lambda values: len(set(values)) / len(values),
}


@pytest.mark.parametrize("name", MEASURES)
@given(values=st.lists(st.sampled_from([0.0, -0.0, 0.1, 0.2, 0.3, 1e9, -1e9, 5.0]), min_size=1, max_size=12))
def test_a_measure_lies_exactly_at_its_bound(name, values):
    found = MEASURES[name](values)
    array = pa.array([*values, None], pa.float64())
    assert measured(name, array, f"min_value = {found!r}\nmax_value = {found!r}")
    strict = "strict_max = true" if found >= 0 else "strict_min = true"
    end = "max_value" if found >= 0 else "min_value"
    assert not measured(name, array, f"{end} = {found!r}\n{strict}")


@given(st.lists(st.sampled_from([0.0, 0.1, 5.0, 1e9, 1e9 + 1]), min_size=2, max_size=12))
def test_the_standard_deviation_is_that_of_a_sample(values):
    found = statistics.stdev(map(Fraction, values))
    assume(found == 0 or found > 1e-6)
    bounds = f"min_value = {found * (1 - 1e-12)}\nmax_value = {found * (1 + 1e-12)}"
    assert measured("expect_column_stdev_to_be_between", pa.array(values), bounds)


def test_a_standard_deviation_needs_two_values():
    contract = (
        column('type = "number"')
        + '[[expectations]]\ntype = "expect_column_stdev_to_be_between"\ncolumn = "x"\nmax_value = 1'
    )
    (unjudged,) = check(contract, batch({"x": [1.0, None]})).report.unjudged
    assert unjudged.why == "fewer than two rows have a value"


def test_the_least_and_greatest_time_have_bounds():
    contract = column('type = "time"') + (
        '[[expectations]]\ntype = "expect_column_max_to_be_between"\ncolumn = "x"\nmax_value = 2026-01-01\n'
    )
    (violation,) = check(contract, batch({"x": ["2025-01-01", "2026-01-01T00:00:01Z"]})).report.violations
    assert violation.words == "the greatest value of 'x' is at most 2026-01-01T00:00:00Z"
    assert violation.observed == "it is 2026-01-01T00:00:01Z"


def test_the_share_of_rows_with_a_value_counts_wrong_ones_as_none():
    name = "expect_column_proportion_of_non_null_values_to_be_between"
    contract = column('type = "number"') + f'[[expectations]]\ntype = "{name}"\ncolumn = "x"\nmin_value = 0.6\n'
    checked = check(contract, batch({"x": ["1", "x", None, "2"]}))
    assert [one.observed for one in checked.report.violations if one.rule == "filled"] == ["it is 0.5"]
    assert math.isclose(checked.report.violations[0].share, 1 / 3)

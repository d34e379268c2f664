from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.models.forecasting import CALENDAR, Shape, calendar_of, read_windows, shape_of
from dragoman.spec import ForecastSpec

HOUR = 3_600_000_000
SHAPE = Shape(step=HOUR, horizon=5, season=3, lags=[0, 2])
START = datetime(2026, 1, 5, 22, tzinfo=UTC)  # a Monday


def microseconds(time: datetime) -> int:
    return round(time.timestamp()) * 1_000_000


def read(values: list[float | None], shape: Shape = SHAPE) -> dict[str, list[float]]:
    """The columns of a history by name, one value per step, in the unit of the history."""
    window = read_windows(
        np.array([[math.nan if one is None else one for one in values]]), np.array([microseconds(START)]), shape
    )
    columns = dict(zip(shape.columns, window.columns[0].T.tolist(), strict=True))
    scaled = [name for name in columns if name.startswith(("lag.", "season."))]
    return columns | {name: [value * window.level[0] for value in columns[name]] for name in scaled}


def test_lags_count_from_the_last_value():
    columns = read([1, 2, 3, 4, 5, 6])
    assert (columns["lag.0"], columns["lag.2"]) == ([6] * 5, [4] * 5)


def test_seasons_are_whole_ones_before_what_is_told_and_never_after_the_last_value():
    columns = read([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    assert columns["season.1"] == pytest.approx([10, 11, 12, 10, 11])
    assert columns["season.2"] == pytest.approx([7, 8, 9, 7, 8])
    assert columns["season.mean"] == pytest.approx([5.5, 6.5, 7.5, 5.5, 6.5])


def test_the_level_is_the_mean_size_of_the_last_season():
    window = read_windows(np.array([[1.0, 100.0, -200.0, 300.0]]), np.array([0]), SHAPE)
    assert window.level.tolist() == [200]


@pytest.mark.parametrize("values", [[], [None], [0, 0, 0], [None, 0, None]])
def test_a_history_without_any_size_has_the_level_one(values):
    assert read([*values])["level"] == [0.0] * 5


def test_a_season_without_a_value_takes_the_level_of_those_before():
    assert read([4, 4, 4, None, None, None])["level"] == pytest.approx([math.log(4)] * 5)


def test_columns_do_not_depend_on_the_size_of_the_series():
    small, large = ([value * size for value in (3, 1, 4, 1, 5, 9, 2)] for size in (1, 1000))
    windows = [read_windows(np.array([one], float), np.array([0]), SHAPE).columns for one in (small, large)]
    places = [SHAPE.columns.index(name) for name in SHAPE.columns if name != "level"]
    np.testing.assert_allclose(windows[0][..., places], windows[1][..., places], equal_nan=True)


@given(st.lists(st.none() | st.floats(-1e6, 1e6), max_size=30))
def test_what_is_older_than_the_history_changes_nothing(values):
    short = values[-SHAPE.history :]
    np.testing.assert_array_equal(
        np.array(list(read(values).values())), np.array(list(read([None] * 3 + short).values())), strict=True
    )


@given(st.integers(-(10**6), 10**6))
def test_the_calendar_is_that_of_the_library(hours):
    time = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    found = dict(zip(CALENDAR, calendar_of(np.array([microseconds(time)]))[0].tolist(), strict=True))
    expected = (time.hour, time.weekday(), time.day, time.month, time.timetuple().tm_yday)
    assert found == dict(zip(CALENDAR, expected, strict=True))


def test_told_times_follow_the_last_one_step_by_step():
    columns = read([1])
    assert columns["hour"] == [23, 0, 1, 2, 3]
    assert columns["weekday"] == [0, 1, 1, 1, 1]
    assert columns["step"] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("step", "expected"), [("90s", 90), ("15min", 900), ("1h", 3600), ("2d", 172800), ("1w", 604800)]
)
def test_a_step_is_read_in_its_unit(step, expected):
    assert shape_of(ForecastSpec(step=step, horizon=1, season=1)).step == expected * 1_000_000


def test_without_lags_in_the_spec_the_last_values_are_read():
    assert shape_of(ForecastSpec(step="1h", horizon=1, season=24)).lags == [0, 1, 2, 3]
    assert shape_of(ForecastSpec(step="1h", horizon=1, season=2, lags=[5, 0, 5])).lags == [0, 5]

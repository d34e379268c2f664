from __future__ import annotations

import numpy as np
import pytest

from dragoman.errors import InvalidRequest
from dragoman.models.forecasting import Head, Shape
from dragoman.models.tabular.intervals import Intervals
from dragoman.models.tabular.schema import FeatureSchema
from dragoman.records import FeatureColumn, RowInput
from dragoman.serving.tasks.base import CommonParameters
from dragoman.serving.tasks.forecasting import Forecasting

HOUR = 3_600_000_000
COLUMNS = [
    FeatureColumn(name="shop", kind="category", categories=["a", "b"]),
    FeatureColumn(name="promo", kind="number"),
]
PLAIN = CommonParameters()


class SeasonBefore:
    """Tells the value one season before, and half and twice of it."""

    key = "fake"


def task(**changes) -> Forecasting:
    shape = Shape(step=HOUR, horizon=3, season=2, lags=[0])
    head = Head(shape=shape, **{"series": ["shop"], "known": ["promo"], "floor": 0.0} | changes)
    intervals = Intervals(coverage=0.9, margins=[0.0, 0.5, 0.0])
    return Forecasting(head=head, encoder=FeatureSchema(COLUMNS), readout=SeasonBefore(), intervals=intervals)


def rows_of(prepared) -> np.ndarray:
    return np.stack([piece.features for piece in prepared.pieces])


def given(**changes) -> RowInput:
    return RowInput(**{"history": [2.0, 6.0], "time": "2026-01-01T00:00:00Z", "features": {"shop": "b"}} | changes)


def answer(one: RowInput, forecasting: Forecasting | None = None):
    """The forecast of an input by what was one season before."""
    made = forecasting or task()
    (prepared,) = made.prepare([one], PLAIN)
    place = made.head.shape.columns.index("season.1")
    outputs = [np.array([row[place], row[place] / 2, row[place] * 2], np.float32) for row in rows_of(prepared)]
    return made.finish(prepared, outputs, PLAIN)["forecast"]


def test_values_come_in_the_unit_of_the_history_for_the_times_that_follow():
    forecast = answer(given())
    assert [one.time for one in forecast] == [f"2026-01-01T0{hour}:00:00Z" for hour in (1, 2, 3)]
    assert [one.value for one in forecast] == [2, 6, 2]


def test_each_step_has_its_own_margin_as_a_multiple_of_the_level():
    assert [(one.low, one.high) for one in answer(given())] == [(1, 4), (3 - 0.5 * 4, 12 + 0.5 * 4), (1, 4)]


def test_what_cannot_be_below_zero_is_not_told_to_be():
    forecast = answer(given(history=[0.1, 6.0]))
    assert [one.low for one in forecast][1] == pytest.approx(3 - 0.5 * 3.05)
    assert min(one.low for one in answer(given(history=[6.0, 0.1]))) == 0
    assert min(one.low for one in answer(given(history=[6.0, 0.1]), task(floor=None))) < 0


def test_columns_of_the_caller_stand_behind_those_of_the_history():
    (prepared,) = task().prepare([given(known={"promo": [0, 1, None]})], PLAIN)
    np.testing.assert_array_equal(rows_of(prepared)[:, -2:], [[1, 0], [1, 1], [1, np.nan]])


def test_a_time_with_a_zone_is_told_in_utc():
    assert answer(given(time="2026-01-01T02:00:00+02:00"))[0].time == "2026-01-01T01:00:00Z"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"history": None}, "Input 0 has no history."),
        ({"history": []}, "Input 0 has no history."),
        ({"history": [None]}, "The history of input 0 has nulls only."),
        ({"history": [1.0] * 100_001}, "The history of input 0 has 100001 values; at most 100000 are accepted."),
        ({"time": None}, "Input 0 has no time."),
        ({"time": "yesterday"}, "The time of input 0 is 'yesterday'."),
        ({"time": "0001-01-01T00:00:00+23:00"}, "The time of input 0 is '0001-01-01T00:00:00+23:00'."),
        ({"known": {"promo": [1]}}, "Input 0 has 1 values of 'promo' in known; 3 are told."),
        ({"known": {"weather": [1, 2, 3]}}, "Input 0 has 'weather' in known, which the model does not read."),
        ({"features": {"promo": 1}}, "Input 0 has 'promo' in features."),
        ({"features": {"shp": "a"}}, "The model reads no column 'shp'."),
    ],
)
def test_what_cannot_be_read_is_refused(changes, message):
    with pytest.raises(InvalidRequest) as refusal:
        task().prepare([given(**changes)], PLAIN)
    assert refusal.value.message == message
    assert refusal.value.help

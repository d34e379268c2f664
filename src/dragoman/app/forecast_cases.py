"""Forecasts of the test split as cases on which versions are compared: what was known then, and what came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dragoman.data.column_values import as_categories
from dragoman.data.series import Series, read_series
from dragoman.data.table_examples import numbers_of, target_of
from dragoman.data.times import moments_of
from dragoman.errors import InvalidData
from dragoman.models.forecasting import Shape, shape_of
from dragoman.records import RowInput
from dragoman.release.cases import Case
from dragoman.release.outcome import UNKNOWN
from dragoman.spec import ModelSpec
from dragoman.training.forecasting.origins import borders_of

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["MOST_CASES", "forecast_cases"]

MOST_CASES = 500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Doubles = NDArray[np.float64]


def forecast_cases(spec: ModelSpec, table: pa.Table) -> list[Case]:
    """Cases from all rows of a forecast's data, at most 500, spread evenly over the series and the test split.

    Of one series no two tell the same step, so that a bad day is one observation. Steps without a true value, or
    without one a season before, are in none. Raises `InvalidData` for rows that are no series, or too few.
    """
    maker = _Maker(spec, table)
    found = [(one, place) for one in maker.series for place in maker.places(one)]
    if not found:
        raise InvalidData("The test split has no time of which a whole forecast is known.", help="Give more rows.")
    every = -(-len(found) // MOST_CASES)
    return list(maker.cases(found[::every]))


class _Maker:
    """The series of a table, and what is known of their rows."""

    def __init__(self, spec: ModelSpec, table: pa.Table) -> None:
        assert spec.forecast is not None  # `read_spec` saw to both
        assert spec.data.time is not None
        self.shape: Shape = shape_of(spec.forecast)
        self.target = numbers_of(table, target_of(spec))
        self.known = spec.forecast.known
        self.series = read_series(table, time=spec.data.time, step=self.shape.step, series=spec.forecast.series)
        has_splits = "split" in table.column_names
        splits = as_categories(table.column("split"), "split").to_pylist() if has_splits else None
        self._first = borders_of(moments_of(table.column(spec.data.time), spec.data.time), splits).test
        self._table = table.drop_columns([target_of(spec), spec.data.time])

    def values(self, one: Series) -> Doubles:
        """`[steps]`, NaN for a gap."""
        return np.where(one.rows >= 0, self.target[one.rows], np.nan)

    def places(self, one: Series) -> list[int]:
        """The steps after which a whole forecast of the test split is known."""
        horizon, season = self.shape.horizon, self.shape.season
        values, first = self.values(one), -(-(self._first - one.start) // self.shape.step) - 1
        return [
            place
            for place in range(max(first, season - 1), len(values) - horizon, horizon)
            if one.rows[place] >= 0
            and np.isfinite(values[place + 1 : place + 1 + horizon]).all()
            and np.isfinite(values[self._before(place)]).all()
        ]

    def cases(self, chosen: Sequence[tuple[Series, int]]) -> Iterator[Case]:
        begun = self._table.take([int(one.rows[place]) for one, place in chosen]).to_pylist()
        for (one, place), row in zip(chosen, begun, strict=True):
            values = self.values(one)
            given = RowInput(
                features={name: value for name, value in row.items() if name not in self.known},
                history=[None if np.isnan(value) else float(value) for value in self._past(values, place)],
                time=(EPOCH + timedelta(microseconds=one.start + self.shape.step * place)).isoformat(),
                known=self._ahead(one, place) or None,
            )
            truth = values[place + 1 : place + 1 + self.shape.horizon]
            yield Case(UNKNOWN, given, tuple(truth.tolist()), tuple(values[self._before(place)].tolist()))

    def _past(self, values: Doubles, place: int) -> Doubles:
        return values[max(0, place + 1 - self.shape.history) : place + 1]

    def _ahead(self, one: Series, place: int) -> dict[str, list[Any]]:
        """What is known ahead of each step that is told."""
        rows = one.rows[place + 1 : place + 1 + self.shape.horizon]
        return {name: self._table.column(name).take(rows).to_pylist() for name in self.known}

    def _before(self, place: int) -> NDArray[np.int64]:
        """The steps a season before those that are told, or as many seasons as it takes to be known."""
        ahead = np.arange(1, self.shape.horizon + 1)
        return place + ahead - self.shape.season * (-(-ahead // self.shape.season))

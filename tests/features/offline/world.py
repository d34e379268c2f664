"""Events in memory as the source of views, and what a join of them should say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from tests.features.oracle import values_as_of

from dragoman.features import View
from dragoman.features.offline import join_as_of
from dragoman.features.source_types import types_of
from dragoman.features.times import SECOND, moments_of

HOUR = 3_600 * SECOND
TIME = pa.timestamp("us", "UTC")


class EventsInMemory:
    """A table as the source of every view. Implements `EventSources`."""

    def __init__(self, table: pa.Table, *, batch_rows: int = 7) -> None:
        self.table, self.batch_rows = table, batch_rows

    def number(self, view: View) -> int:
        return 0

    def schema(self, view: View) -> pa.Schema:
        return pa.schema(
            [field.with_type(TIME) if field.name in view.source.times else field for field in self.table.schema]
        )

    def batches(self, view: View, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        for batch in self.table.select(columns).to_batches(max_chunksize=self.batch_rows):
            arrays = [
                moments_of(batch.column(name), name) if name in view.source.times else batch.column(name)
                for name in columns
            ]
            yield pa.RecordBatch.from_arrays(arrays, names=list(columns))


def expected(rows: pa.Table, views: Sequence[View], events: EventsInMemory, *, time: str) -> list[dict[str, Any]]:
    """The features of each row, by definition."""
    schema = events.schema(views[0])
    plain = [_plain(row) for row in events.table.cast(schema).to_pylist()]
    wanted = []
    for row in rows.to_pylist():
        found: dict[str, Any] = {}
        for view in views:
            key = [row[name] for name in view.entity.keys]
            values = values_as_of(view, plain, types_of(schema), key, _micros(row[time]))
            found |= {f"{view.name}.{name}": value for name, value in values.items()}
        wanted.append(found)
    return wanted


def joined(rows: pa.Table, views: Sequence[View], events: EventsInMemory, *, time: str) -> list[dict[str, Any]]:
    """The features that the join adds to each row; times in microseconds."""
    table = join_as_of(rows, views, events, time=time)
    assert table.select(rows.column_names).equals(rows)
    return [_plain(row) for row in table.drop_columns(rows.column_names).to_pylist()]


def times_at(*hours: float | None) -> pa.Array:
    """Moments in hours since 2026-01-01."""
    start = np.datetime64("2026-01-01", "us").astype(np.int64)
    return pa.array([None if hour is None else int(start + hour * HOUR) for hour in hours], pa.int64()).cast(TIME)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _micros(value) if hasattr(value, "tzinfo") else value for name, value in row.items()}


def _micros(moment: Any) -> int:
    return pa.scalar(moment, TIME).value

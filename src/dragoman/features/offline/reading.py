"""The events that rows ask for, in a database that may be larger than memory, taken out a few keys at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from dragoman.data.sql import database, quoted
from dragoman.errors import InvalidInput, StorageFull
from dragoman.features.offline.events import FOR_EVER, EventSlice
from dragoman.features.offline.keys import CODE, KeyCodes
from dragoman.features.offline.points import Ints, Points
from dragoman.features.offline.sources import EventSources
from dragoman.features.view import View

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used
    from duckdb import DuckDBPyConnection

__all__ = ["EventTable", "Values", "read_events"]

# Most events have one version, and need no sorting: only those with the mark of another one are looked at.
REPLACED = """
    CREATE TABLE twice AS SELECT mark FROM events WHERE mark IS NOT NULL GROUP BY mark HAVING count(*) > 1;
    CREATE TABLE versions AS
    SELECT row, lead(available) OVER (PARTITION BY code, id ORDER BY available, row) AS replaced
    FROM events SEMI JOIN twice USING (mark)
"""
ROW = "number of the row"  # no column of a source should be called so
# What arrays take at most while a slice is looked at, in bytes:
EVENT_BYTES, VALUE_BYTES, POINT_BYTES = 150, 40, 200

Values = Mapping[str, str]  # SQL of what an event adds to an aggregate → the name of its column


class EventTable:
    """The events of some keys that were known by a moment."""

    def __init__(self, connection: DuckDBPyConnection, view: View, values: Values) -> None:
        self._connection, self._view, self._values = connection, view, values

    def slices(self, points: Points, *, memory: int) -> Iterator[EventSlice]:
        """All keys, some at a time: as many as fit into `memory` bytes, in the order of the points."""
        for first, last in self._cuts(points, memory):
            yield self._slice(points.of_keys(first, last), first, last)

    def _cuts(self, points: Points, memory: int) -> list[tuple[int, int]]:
        """The first key of each slice, and the one after its last."""
        costs = np.diff(points.starts) * POINT_BYTES
        counted = self._connection.sql("SELECT code, count(*) AS events FROM events GROUP BY code").to_arrow_table()
        each = EVENT_BYTES + VALUE_BYTES * len(self._values)
        costs[_ints(counted["code"])] += _ints(counted["events"]) * each
        bins = np.cumsum(costs) // memory
        starts = [0, *(np.flatnonzero(np.diff(bins)) + 1).tolist()]
        return list(zip(starts, [*starts[1:], len(costs)], strict=True))

    def _slice(self, points: Points, first: int, last: int) -> EventSlice:
        table = self._connection.sql(_selection(self._values, first, last)).to_arrow_table()
        return EventSlice(
            points,
            codes=_ints(table["code"]) - first,
            times=_ints(table["moment"]),
            available=_ints(table["available"]),
            replaced=_ints(table["replaced"]) if self._view.source.id else None,
            rows=_ints(table["row"]),
            values={name: _array(table[name]) for name in self._values.values()},
        )


@contextmanager
def read_events(
    view: View, sources: EventSources, keys: KeyCodes, values: Values, *, until: int, memory: int
) -> Iterator[EventTable]:
    """The events of a view's source that have one of the keys, and that could be known at `until`.

    `memory`, in bytes, is what the database may hold; the rest is on the disk. Raises what the source raises.
    """
    reader = _Reader(view, sources)
    with database({"keys": keys.table}, memory=f"{memory // 1_000_000}MB") as connection, _plain_errors(reader, memory):
        connection.register("source", reader.stream())
        connection.execute(_statement(view, values, until))
        connection.execute(REPLACED)
        yield EventTable(connection, view, values)


@contextmanager
def _plain_errors(reader: _Reader, memory: int) -> Iterator[None]:
    """What the source raised instead of what DuckDB makes of it, and words for what is too small."""
    import duckdb  # heavy: serving does without it

    try:
        yield
    except duckdb.OutOfMemoryException:
        raise InvalidInput(
            f"{memory} bytes of memory are too few for the events of the view '{reader.view.name}'.",
            help="Give the join more.",
        ) from None
    except duckdb.Error as error:
        if reader.error is not None:
            raise reader.error from None
        if "No space left" in str(error):
            raise StorageFull("The temporary folder is full.", help="Free some space, or give more memory.") from None
        raise


class _Reader:
    """The source's rows as a stream, each with its number. An error of the source is kept: DuckDB would hide it."""

    def __init__(self, view: View, sources: EventSources) -> None:
        import pyarrow as pa  # heavy: serving does without it

        self.view, self.sources = view, sources
        self.error: Exception | None = None
        schema = sources.schema(view)
        fields = [schema.field(name) for name in view.columns_read]
        self.schema = pa.schema([*fields, pa.field(ROW, pa.int64())])

    def stream(self) -> pa.RecordBatchReader:
        import pyarrow as pa  # heavy: as above

        return pa.RecordBatchReader.from_batches(self.schema, self._batches())

    def _batches(self) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa  # heavy: as above

        row = 0
        try:
            for batch in self.sources.batches(self.view, self.view.columns_read):
                numbers = pa.array(np.arange(row, row + batch.num_rows))
                row += batch.num_rows
                yield pa.RecordBatch.from_arrays([*batch.columns, numbers], schema=self.schema)
        except Exception as error:
            self.error = error
            raise


def _statement(view: View, values: Values, until: int) -> str:
    """A row without a time, an available time or a part of its key is no event; one without an id has one version."""
    source = view.source
    on = " AND ".join(f"keys.{quoted(key)} = source.{quoted(key)}" for key in view.entity.keys)
    moment, available = (f"epoch_us(source.{quoted(name)})" for name in (source.time, source.available or source.time))
    id = f"source.{quoted(source.id)}" if source.id else "NULL::BIGINT"
    columns = [f"{sql} AS {name}" for sql, name in values.items()]
    return f"""
        CREATE TABLE events AS
        SELECT keys.{quoted(CODE)} AS code, {moment} AS moment, {available} AS available,
            source.{quoted(ROW)} AS row, {id} AS id, {", ".join(columns)},
            CASE WHEN {id} IS NOT NULL THEN hash(keys.{quoted(CODE)}, {id}) END AS mark
        FROM source JOIN keys ON {on}
        WHERE {moment} IS NOT NULL AND {available} <= {until}
    """  # noqa: S608 (names are quoted, values are the compiler's)


def _selection(values: Values, first: int, last: int) -> str:
    return f"""
        SELECT code, moment, available, row, replaced, {", ".join(values.values())}
        FROM events LEFT JOIN versions USING (row)
        WHERE code >= {first} AND code < {last}
    """  # noqa: S608 (names of our own)


def _ints(column: pa.ChunkedArray) -> Ints:
    return np.asarray(_array(column).fill_null(FOR_EVER), dtype=np.int64)


def _array(column: pa.ChunkedArray) -> pa.Array:
    import pyarrow as pa  # heavy: as above

    found = column.combine_chunks()
    return pa.concat_arrays(found.chunks) if isinstance(found, pa.ChunkedArray) else found

"""The events of a source by entity, in bounded memory: sorted by DuckDB, on the disk where they do not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from dragoman.data.sql import database, quoted
from dragoman.features.expressions import sql_aggregate
from dragoman.features.offline.sources import EventSources
from dragoman.features.online.formulas import Formulas
from dragoman.features.online.history import Version
from dragoman.features.online.keys import key_sql

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used
    from duckdb import DuckDBPyConnection

__all__ = ["SortedEvents"]

ROW = "number of the row"  # no column of a source should be called so
BATCH_ROWS = 50_000

Entity = tuple[str, list[Version]]
Line = tuple[Any, ...]  # key, time, available, row, id, then values


class SortedEvents:
    """Reads the events of a view, entity after entity in the order of their keys.

    `changed` are rows of the source: only entities that one of them is of are read, all of their events. `read` is
    called with the number of rows whenever some were read. `rows` and `available`, the newest available time in
    microseconds, are known when the first entity comes.
    """

    def __init__(
        self,
        formulas: Formulas,
        sources: EventSources,
        *,
        memory: int,
        changed: Iterable[pa.RecordBatch] | None = None,
        read: Callable[[int], None] = lambda rows: None,
    ) -> None:
        self.formulas, self.sources, self.memory, self.changed, self.read = formulas, sources, memory, changed, read
        self.rows = 0
        self.available: int | None = None
        self._error: Exception | None = None

    def after(self, key: str | None = None) -> Iterator[Entity]:
        """The key and all versions of each entity after this key. Raises what the source raises."""
        with self._database() as connection:
            found = connection.sql(self._statement(key is not None), params=[] if key is None else [key])
            batches: Iterable[pa.RecordBatch] = found.to_arrow_reader(BATCH_ROWS)
            lines = (line for batch in batches for line in _lines(batch))
            for entity, group in groupby(lines, key=itemgetter(0)):
                yield entity, _versions(group)

    @contextmanager
    def _database(self) -> Iterator[DuckDBPyConnection]:
        import duckdb  # heavy: serving does without it

        try:
            with database({}, memory=f"{self.memory // 1_000_000}MB") as connection:
                connection.register("source", self._stream())
                if self.changed is not None:
                    self._make_changed(connection, self.changed)
                yield connection
        except duckdb.Error:
            if self._error is not None:  # DuckDB would hide it
                raise self._error from None
            raise

    def _make_changed(self, connection: DuckDBPyConnection, batches: Iterable[pa.RecordBatch]) -> None:
        """A table of the keys of some rows."""
        import pyarrow as pa  # heavy: as above

        keys = self.formulas.view.entity.keys
        schema = self.sources.schema(self.formulas.view)
        wanted = pa.schema([schema.field(name) for name in keys])
        connection.register("added", pa.RecordBatchReader.from_batches(wanted, (one.select(keys) for one in batches)))
        connection.execute(f"CREATE TABLE changed AS SELECT DISTINCT {key_sql(keys)} AS key FROM added")  # noqa: S608
        connection.unregister("added")

    def _stream(self) -> pa.RecordBatchReader:
        import pyarrow as pa  # heavy: as above

        schema = self.sources.schema(self.formulas.view)
        fields = [schema.field(name) for name in self.formulas.view.columns_read]
        wanted = pa.schema([*fields, pa.field(ROW, pa.int64())])
        return pa.RecordBatchReader.from_batches(wanted, self._numbered(wanted))

    def _numbered(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa  # heavy: as above

        view = self.formulas.view
        try:
            for batch in self.sources.batches(view, view.columns_read):
                numbers = pa.array(range(self.rows, self.rows + batch.num_rows), pa.int64())
                self._note(batch.column(view.source.available or view.source.time))
                self.rows += batch.num_rows
                self.read(self.rows)
                yield pa.RecordBatch.from_arrays([*batch.columns, numbers], schema=schema)
        except Exception as error:
            self._error = error
            raise

    def _note(self, available: pa.Array) -> None:
        import pyarrow as pa  # heavy: as above
        import pyarrow.compute as pc

        newest = pc.max(available.cast(pa.int64())).as_py()
        if newest is not None:
            self.available = newest if self.available is None else max(self.available, newest)

    def _statement(self, is_resumed: bool) -> str:  # noqa: FBT001 - one caller
        """A row without a time, an available time or a part of its key is no event."""
        view = self.formulas.view
        source = view.source
        values = [sql_aggregate(one, self.formulas.types) for one in self.formulas.arguments]
        listed = ", ".join(f"{sql} AS v{place}" for place, sql in enumerate(values))
        id = key_sql([source.id]) if source.id else "NULL"
        only = " AND key IN (SELECT key FROM changed)" if self.changed is not None else ""
        return f"""
            SELECT key, moment, available, number, id, {", ".join(f"v{place}" for place in range(len(values)))} FROM (
                SELECT {key_sql(view.entity.keys)} AS key, epoch_us({quoted(source.time)}) AS moment,
                    epoch_us({quoted(source.available or source.time)}) AS available, {quoted(ROW)} AS number,
                    {id} AS id, {listed}
                FROM source
            )
            WHERE key IS NOT NULL AND moment IS NOT NULL AND available IS NOT NULL{only}
            {"AND key > ?" if is_resumed else ""}
            ORDER BY key, moment, available, number
        """  # noqa: S608 (names are quoted, values are the compiler's)


def _lines(batch: pa.RecordBatch) -> Iterator[Line]:
    return zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _versions(lines: Iterable[Line]) -> list[Version]:
    """The versions of one entity; of those with the same id and available time the one of the last row."""
    found = [(line[3], Version(line[1], line[2], line[4], False, line[5:])) for line in lines]
    last: dict[tuple[str, int], int] = {}
    for row, one in found:
        if one.id is not None:
            last[one.id, one.available] = max(row, last.get((one.id, one.available), row))
    return [one for row, one in found if one.id is None or last[one.id, one.available] == row]

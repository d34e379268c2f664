"""Events in CSV, JSONL and Parquet files, read in parts as one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dragoman.data.sources import Source, open_source
from dragoman.data.storable import fit_batch, storable, unified
from dragoman.errors import Conflict, InvalidData
from dragoman.features.events import Events
from dragoman.spec.contracts import ColumnSpec

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["EventFiles"]


class EventFiles:
    """The files of a source. Files may differ in their columns and in the types of these: a first reading finds the
    types that hold all, the next ones give the rows.
    """

    def __init__(self, events: Events, root: Path) -> None:
        self.events, self.root = events, root
        self._schema: Any = None
        self._digests: dict[str, str] = {}

    def schema(self) -> pa.Schema:
        """The columns of all files. Raises `NotFound`, and `InvalidData` for files that cannot be read as rows."""
        if self._schema is None:
            source, kinds = self._open(), dict[Any, None]()
            for batch, _ in source.batches():
                kinds[self._typed(batch).schema] = None
            if not kinds:
                raise InvalidData(f"The files {self.events.name} have no rows.", help="Name files that have some.")
            self._schema, self._digests = unified(list(kinds)), source.digests()
        return self._schema

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows, in the order of the files' names and of their lines. Raises as `schema`, and `Conflict`."""
        schema, source = self.schema(), self._open()
        for batch, _ in source.batches():
            yield fit_batch(self._typed(batch), schema)
        if source.digests() != self._digests:
            raise Conflict(f"The files {self.events.name} changed while they were read.", help="Start again.")

    def _open(self) -> Source:
        return open_source(self.events.files, folder=self.root, root=self.root, columns=self.events.types)

    def _typed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with columns of the declared types."""
        import pyarrow as pa  # heavy: serving does without it

        columns = {name: batch.column(name) for name in batch.schema.names}
        for name, kind in self.events.types.items():
            columns[name] = _read(columns[name], name, kind) if name in columns else _nothing(batch.num_rows, kind)
        return storable(pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns)))


def _read(column: pa.Array, name: str, kind: Any) -> pa.Array:
    from dragoman.data.rules.casts import read_values  # heavy: pyarrow

    read = read_values(column, ColumnSpec(type=kind))
    if read.wrong is not None:
        wrong = column[int(read.wrong.argmax())].as_py()
        raise InvalidData(f"The column '{name}' has {wrong!r}, which is no {kind}.", help="Correct it in the file.")
    return read.values


def _nothing(rows: int, kind: Any) -> pa.Array:
    import pyarrow as pa  # heavy: serving does without it

    from dragoman.data.rules.casts import ARROW_TYPES  # heavy: pyarrow

    types: Mapping[Any, Any] = ARROW_TYPES
    return pa.nulls(rows, types[kind])

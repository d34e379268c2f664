"""Rows on disk that no table has yet: part files, dropped as a whole or committed as a whole."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dragoman.data.storable import storable, unified
from dragoman.store.files import full_disk_as_error, make_folder
from dragoman.store.table_parts import Part, part_name, sync_path

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used
    from pyarrow.parquet import ParquetWriter

__all__ = ["Stage"]

PART_ROWS = 2**20
GROUP_ROWS = 2**17
GROUP_BYTES = 64 * 2**20


class Stage:
    """Writes rows to part files in a folder of its own; `mark` is in their names.

    What waits for being written is bounded. Raises `StorageFull`.
    """

    def __init__(self, folder: Path, *, mark: str) -> None:
        self.folder, self.mark = folder, mark
        self.parts: list[Part] = []
        self.rows = 0
        self._schemas: list[pa.Schema] = []  # of each part
        self._waiting: list[pa.RecordBatch] = []
        self._writer: ParquetWriter | None = None
        make_folder(folder)

    @property
    def schema(self) -> pa.Schema:
        """The columns of all rows."""
        return unified(self._schemas)

    @property
    def is_even(self) -> bool:
        """Whether all parts have the same columns."""
        return all(schema == self._schemas[0] for schema in self._schemas)

    def add(self, batch: pa.RecordBatch) -> None:
        batch = storable(batch)
        if self._waiting and not self._waiting[0].schema.equals(batch.schema):
            self._end_part()
        self._waiting.append(batch)
        self.rows += batch.num_rows
        if _is_enough(self._waiting):
            self._write_group()

    def close(self) -> None:
        """Write what waits, and make all parts survive a power cut."""
        self._end_part()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows, in the order in which they came; after `close`."""
        from pyarrow import parquet  # heavy: serving does without it

        for part in self.parts:
            with parquet.ParquetFile(part.path) as file:
                yield from file.iter_batches(GROUP_ROWS // 2)

    def drop(self) -> None:
        """Remove what is still here."""
        if self._writer is not None:
            with contextlib.suppress(OSError):  # a full disk
                self._writer.close()
            self._writer = None
        shutil.rmtree(self.folder, ignore_errors=True)

    # Writing

    def _write_group(self) -> None:
        import pyarrow as pa  # heavy: serving does without it

        if not self._waiting:
            return
        with full_disk_as_error(self.folder):
            table = pa.Table.from_batches(self._waiting)
            writer = self._writer or self._open(table.schema)
            writer.write_table(table, row_group_size=GROUP_ROWS)
        self._waiting = []
        part = self.parts[-1]
        self.parts[-1] = part._replace(rows=part.rows + len(table))
        if self.parts[-1].rows >= PART_ROWS:
            self._end_part()

    def _open(self, schema: pa.Schema) -> ParquetWriter:
        from pyarrow import parquet  # heavy: serving does without it

        path = self.folder / part_name(len(self.parts), self.mark)
        self._writer = parquet.ParquetWriter(path, schema, compression="zstd", compression_level=1)
        self._schemas.append(schema)
        self.parts.append(Part(path, 0))
        return self._writer

    def _end_part(self) -> None:
        self._write_group()
        if self._writer is None:
            return
        with full_disk_as_error(self.folder):
            self._writer.close()
            self._writer = None
            sync_path(self.parts[-1].path)


def _is_enough(batches: list[pa.RecordBatch]) -> bool:
    rows, size = sum(one.num_rows for one in batches), sum(one.nbytes for one in batches)
    return bool(rows >= GROUP_ROWS or size >= GROUP_BYTES)

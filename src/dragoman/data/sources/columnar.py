"""Parquet files and Delta tables: rows that have types of their own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dragoman.data.batches import Place, SourceBatch
from dragoman.data.sources.base import Position, Refuse, refuse_all
from dragoman.data.sources.blocks import open_file
from dragoman.errors import InvalidData, NotFound

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used
    from deltalake import DeltaTable

__all__ = ["DeltaSnapshot", "ParquetFile", "is_delta_table"]

BATCH_ROWS = 65_536


class ParquetFile:
    """A Parquet file; its places are rows. Implements `Source`."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        self._digest, self._share = "", 0.0

    def batches(self, refuse: Refuse = refuse_all) -> Iterator[SourceBatch]:
        import pyarrow as pa  # heavy: serving does without it
        from pyarrow import parquet

        with open_file(self.path, self.name) as file:
            self._digest = hashlib.file_digest(file, "sha256").hexdigest()
            try:
                found = parquet.ParquetFile(file)
                yield from self._counted(found.iter_batches(BATCH_ROWS), found.metadata.num_rows)
            except (pa.ArrowException, OSError) as error:
                raise InvalidData(
                    f"{self.name} is no Parquet file that can be read: {_first_line(error)}.",
                    help="Write it again, or name its format with --format.",
                ) from None

    def digests(self) -> dict[str, str]:
        return {self.name: self._digest}

    def positions(self) -> dict[str, Position]:
        return {}

    def share(self) -> float | None:
        return self._share

    def _counted(self, batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[SourceBatch]:
        row = 1
        for batch in batches:
            yield SourceBatch(batch, Place(self.name, row))
            row += batch.num_rows
            self._share = (row - 1) / max(rows, 1)


class DeltaSnapshot:
    """One version of a Delta table, the latest by default; its places are rows. Implements `Source`."""

    def __init__(self, path: Path, name: str, *, version: int | None = None) -> None:
        self.table = _open(path, name, version)
        self.path = path
        self.name = f"{name}@{self.table.version()}"
        self._share = 0.0

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(_column(self.table.get_add_actions(flatten=True), "size_bytes"))

    def batches(self, refuse: Refuse = refuse_all) -> Iterator[SourceBatch]:
        import pyarrow as pa  # heavy: serving does without it
        from pyarrow import fs

        # Arrow's own files: those of deltalake call Python from Arrow's threads, which can abort a process at exit.
        files = fs.SubTreeFileSystem(str(self.path.resolve()), fs.LocalFileSystem())
        row = 1
        try:
            found = self.table.to_pyarrow_dataset(filesystem=files)
            total = found.count_rows()
            for batch in found.to_batches(batch_size=BATCH_ROWS, fragment_readahead=1, batch_readahead=2):
                yield SourceBatch(batch, Place(self.name, row))
                row += batch.num_rows
                self._share = (row - 1) / max(total, 1)
        except (pa.ArrowException, OSError) as error:
            raise InvalidData(
                f"The Delta table {self.name} cannot be read: {_first_line(error)}.", help="Restore its files."
            ) from None

    def digests(self) -> dict[str, str]:
        """Of the table's id, version and files: Delta never changes a file that a version has."""
        files = self.table.get_add_actions(flatten=True)
        rows = sorted(zip(*(_column(files, name) for name in ("path", "size_bytes")), strict=True))
        state = [str(self.table.metadata().id), self.table.version(), rows]
        return {self.name: hashlib.sha256(json.dumps(state).encode()).hexdigest()}

    def positions(self) -> dict[str, Position]:
        return {}

    def share(self) -> float | None:
        return self._share


def is_delta_table(path: Path) -> bool:
    return (path / "_delta_log").is_dir()


def _open(path: Path, name: str, version: int | None) -> DeltaTable:
    from deltalake import DeltaTable  # heavy: serving does without it
    from deltalake.exceptions import DeltaError

    try:
        return DeltaTable(path, version=version)
    except (DeltaError, OSError) as error:
        what = f"{name} has no version {version}" if version is not None else f"{name} is no Delta table"
        raise NotFound(f"{what}: {_first_line(error)}.", help="`NAME@VERSION` names a version of a table.") from None


def _column(actions: Any, name: str) -> list[Any]:
    import pyarrow as pa  # heavy: serving does without it

    return list(pa.table(actions).column(name).to_pylist())


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")

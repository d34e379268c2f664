"""Versioned tables in a folder, in the Delta Lake format: `root/NAME`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dragoman.errors import Conflict, InvalidData, StorageFull, Untrusted
from dragoman.store.files import FileLock, full_disk_as_error
from dragoman.store.refusals import is_table_name, require_table_name, table_not_found, table_version_not_found

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used
    from deltalake import DeltaTable

__all__ = ["DeltaTables", "fit_rows"]

LOCK_SECONDS = 60.0

# Delta's default removes the log of versions older than 30 days, and with it the way to read them.
KEEP_EVERY_VERSION = {
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.enableExpiredLogCleanup": "false",
}
FULL_MESSAGES = ("No space left on device", "Disk quota exceeded")


class DeltaTables:
    """Delta tables in a local folder; Spark, Trino, DuckDB and Polars can read them.

    Writers take turns by a lock beside the table: two that create one at once would else both believe that they did.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def overwrite(self, name: str, table: pa.Table) -> int:
        require_table_name(name)
        with self._locked(name):
            if (delta := self._open(name)) is None:
                return self._create(name, table)
            return _write(delta, table, mode="overwrite", schema_mode="overwrite")

    def append(self, name: str, table: pa.Table) -> int:
        require_table_name(name)
        with self._locked(name):
            if (delta := self._open(name)) is None:
                return self._create(name, table)
            return _write(delta, fit_rows(table, _schema(delta), name=name), mode="append")

    def read(self, name: str, *, version: int | None = None) -> pa.Table:
        with _damage_as_error(name):
            if (delta := self._open(name)) is None:
                raise table_not_found(name)
            if version is not None:
                if not 0 <= version <= delta.version():
                    raise table_version_not_found(name, version, delta.version())
                delta.load_as_version(version)
            return delta.to_pyarrow_table(filesystem=self._filesystem(name))

    def latest(self, name: str) -> int | None:
        delta = self._open(name)
        return None if delta is None else delta.version()

    def names(self) -> list[str]:
        if not self.root.is_dir():
            return []
        return sorted(folder.name for folder in self.root.iterdir() if self._is_table(folder.name))

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        lock = FileLock(self.root / f"{name}.lock", wait=LOCK_SECONDS)
        with lock, _failed_write_as_error(name), full_disk_as_error(self.root / name):
            yield

    def _is_table(self, name: str) -> bool:
        from deltalake import DeltaTable  # heavy: serving does without it

        folder = self.root / name
        return is_table_name(name) and folder.is_dir() and DeltaTable.is_deltatable(str(folder))

    def _open(self, name: str) -> DeltaTable | None:
        from deltalake import DeltaTable  # heavy: serving does without it

        return DeltaTable(self.root / name) if self._is_table(name) else None

    def _create(self, name: str, table: pa.Table) -> int:
        from deltalake import write_deltalake  # heavy: serving does without it

        write_deltalake(self.root / name, table, mode="error", configuration=KEEP_EVERY_VERSION)
        return 0

    def _filesystem(self, name: str) -> Any:
        """Arrow's own files: those of deltalake call Python from Arrow's threads, which can abort a process at exit."""
        from pyarrow import fs  # heavy: serving does without it

        return fs.SubTreeFileSystem(str((self.root / name).resolve()), fs.LocalFileSystem())


def _write(delta: DeltaTable, table: pa.Table, **how: Any) -> int:
    from deltalake import write_deltalake  # heavy: serving does without it

    write_deltalake(delta, table, **how)
    return delta.version()


def _schema(delta: DeltaTable) -> pa.Schema:
    import pyarrow as pa  # heavy: serving does without it

    return pa.schema(delta.schema().to_arrow())


@contextmanager
def _failed_write_as_error(name: str) -> Iterator[None]:
    from deltalake.exceptions import CommitFailedError, DeltaError  # heavy: serving does without it

    try:
        yield
    except CommitFailedError:
        raise Conflict(f"Another program changed the table '{name}' meanwhile.", help="Write it again.") from None
    except DeltaError as error:
        if any(message in str(error) for message in FULL_MESSAGES):
            raise StorageFull(
                f"No space left to write the table '{name}'.", help="Free some space and try again."
            ) from None
        raise


@contextmanager
def _damage_as_error(name: str) -> Iterator[None]:
    import pyarrow as pa  # heavy: serving does without it
    from deltalake.exceptions import DeltaError  # heavy: serving does without it

    try:
        yield
    except (DeltaError, OSError, pa.ArrowInvalid):
        raise Untrusted(
            f"The table '{name}' cannot be read: its files were changed.", help="Restore it from a backup."
        ) from None


def fit_rows(table: pa.Table, schema: pa.Schema, *, name: str) -> pa.Table:
    """The rows with the columns and types of the table `name`. Raises `InvalidData` if they do not fit."""
    import pyarrow as pa  # heavy: serving does without it

    if sorted(table.column_names) != sorted(schema.names):
        raise InvalidData(
            f"The table '{name}' has the columns {_listed(schema.names)}; the rows have {_listed(table.column_names)}.",
            help="Append rows with the same columns, or overwrite the table.",
        )
    try:
        return table.select(schema.names).cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InvalidData(
            f"The rows do not fit the table '{name}': {error}.",
            help="Append rows with the same types, or overwrite the table.",
        ) from None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)

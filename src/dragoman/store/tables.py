"""Versioned tables in a folder, in the Delta Lake format: `root/NAME`."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from dragoman.errors import Conflict, InvalidData, StorageFull, Untrusted
from dragoman.store.commits import added_files, rows_of_files
from dragoman.store.compaction import KEEP_HOURS, Compacted, compact_part, parts_before, remove_unused
from dragoman.store.files import FileLock, full_disk_as_error
from dragoman.store.refusals import is_table_name, require_table_name, table_not_found, table_version_not_found
from dragoman.store.table_parts import Mode, Part, commit_parts

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used
    from deltalake import DeltaTable
    from pyarrow.dataset import Dataset, Expression

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

    def append_once(
        self,
        name: str,
        table: pa.Table,
        *,
        app: str,
        number: int,
        partition_by: Sequence[str] = (),
        properties: Mapping[str, str] | None = None,
        wait: float = LOCK_SECONDS,
    ) -> bool:
        """Add rows, unless `app` has added those of this number, or of a higher one, before. Whether they were added.

        Rows and number are one commit, so that who asks again after a crash adds nothing twice; it is synced to the
        disk when this returns. Columns that the table has not got are added to it. `partition_by` and `properties` are
        for a new table, whose old versions Delta forgets after a while. `wait` is in seconds. Raises as `append` does,
        and `Untrusted` for changed files.
        """
        require_table_name(name)
        with self._locked(name, wait=wait):
            with _damage_as_error(name):
                delta = self._open(name)
                done = (delta.transaction_version(app) or 0) if delta else 0
            if done < number:
                made = {} if delta else {"partition_by": [*partition_by], "configuration": dict(properties or {})}
                _append_once(delta or self.root / name, table, app=app, number=number, **made)
            _sync_transaction(self.root / name, delta.version() if delta else 0, app=app, number=number)
            return done < number

    def add_parts(
        self,
        name: str,
        parts: Sequence[Part],
        schema: pa.Schema,
        *,
        mode: Mode,
        after: int | None = None,
        app: str = "",
    ) -> int:
        """Make Parquet files the rows of a new version, or more rows of it, in one commit; returns the version.

        The files have the columns of `schema`, and are moved. With `app`, files are left where they are if `app` has
        added some before. What is written is synced. Raises as `overwrite` does, and `Conflict` if `after` is not the
        latest version; -1 is before the first.
        """
        require_table_name(name)
        with self._locked(name):
            delta = self._open(name)
            latest = delta.version() if delta else -1
            if delta and app and delta.transaction_version(app):
                return latest
            if after not in (None, latest):
                raise Conflict(f"Another program changed the table '{name}' meanwhile.", help="Start again.")
            (self.root / name).mkdir(exist_ok=True)
            return commit_parts(
                delta, self.root / name, parts, schema, mode=mode, app=app, configuration=KEEP_EVERY_VERSION
            )

    def compact(self, name: str, *, before: date | None = None, keep_hours: float = KEEP_HOURS) -> Compacted:
        """Make small files into large ones, and remove files that no version of the last `keep_hours` has.

        Rows and the numbers of `append_once` stay as they are. Of a table in days only those before `before` are
        looked at, where it is given. Writers wait for one part at a time. A table that is not there is left alone.
        Earlier versions than those hours cannot be read afterwards: not for tables whose versions are named. Raises
        `Conflict` while another process keeps writing, `Untrusted` for changed files, and `StorageFull`.
        """
        require_table_name(name)
        with _damage_as_error(name):
            delta = self._open(name)
            parts = list(parts_before(delta, before)) if delta else []
        done = []
        for part in parts:
            with _damage_as_error(name), self._locked(name):
                done.append(compact_part(self._version(name, None), self.root / name, part))
        if not parts:
            return Compacted()
        with _damage_as_error(name), self._locked(name):
            removed = remove_unused(self._version(name, None), keep_hours=keep_hours)
        return Compacted(sum(one.merged for one in done), sum(one.made for one in done), removed)

    def dataset(self, name: str, *, version: int | None = None) -> Dataset:
        """A version, the latest by default, to be read in parts. Raises as `read` does; reading it may raise more."""
        with _damage_as_error(name):
            return self._version(name, version).to_pyarrow_dataset(filesystem=self._filesystem(name))

    def read_parts(
        self, name: str, *, by: str, wanted: Expression | None = None, columns: Sequence[str] | None = None
    ) -> Iterator[pa.Table]:
        """The rows that are `wanted`, one value of the partition column `by` at a time, the highest first, null last.

        A part is read when it is asked for; a table that is not there has none. With `columns` only those, as far as it
        has them. Raises `Untrusted` for changed files.
        """
        from pyarrow import dataset as ds  # heavy: serving does without it

        with _damage_as_error(name):
            if (delta := self._open(name)) is None:
                return
            found = delta.to_pyarrow_dataset(filesystem=self._filesystem(name))
            names = None if columns is None else [one for one in columns if one in found.schema.names]
            parts: dict[Any, list[Any]] = {}
            for fragment in found.get_fragments(wanted):
                parts.setdefault(ds.get_partition_keys(fragment.partition_expression).get(by), []).append(fragment)
            for value in sorted(parts, key=lambda one: (one is not None, one), reverse=True):
                part = ds.FileSystemDataset(parts[value], found.schema, found.format, found.filesystem)
                yield part.to_table(filter=wanted, columns=names)

    def added(self, name: str, version: int) -> pa.Table | None:
        """The rows that a version added to those before it, of a table without partitions; None before it is there.

        Rows that were only moved to other files are not among them. Raises `Untrusted` for changed or removed files.
        """
        from pyarrow import parquet  # heavy: serving does without it

        with _damage_as_error(name):
            paths = added_files(self.root / name, version)
            return None if paths is None else rows_of_files([parquet.read_table(path) for path in paths])

    def read(self, name: str, *, version: int | None = None) -> pa.Table:
        with _damage_as_error(name):
            return self._version(name, version).to_pyarrow_table(filesystem=self._filesystem(name))

    def latest(self, name: str) -> int | None:
        delta = self._open(name)
        return None if delta is None else delta.version()

    def names(self) -> list[str]:
        if not self.root.is_dir():
            return []
        return sorted(folder.name for folder in self.root.iterdir() if self._is_table(folder.name))

    @contextmanager
    def _locked(self, name: str, *, wait: float | None = None) -> Iterator[None]:
        lock = FileLock(self.root / f"{name}.lock", wait=LOCK_SECONDS if wait is None else wait)
        with lock, _failed_write_as_error(name), full_disk_as_error(self.root / name):
            yield

    def _is_table(self, name: str) -> bool:
        from deltalake import DeltaTable  # heavy: serving does without it

        folder = self.root / name
        return is_table_name(name) and folder.is_dir() and DeltaTable.is_deltatable(str(folder))

    def _open(self, name: str) -> DeltaTable | None:
        from deltalake import DeltaTable  # heavy: serving does without it

        return DeltaTable(self.root / name) if self._is_table(name) else None

    def _version(self, name: str, version: int | None) -> DeltaTable:
        if (delta := self._open(name)) is None:
            raise table_not_found(name)
        if version is not None:
            if not 0 <= version <= delta.version():
                raise table_version_not_found(name, version, delta.version())
            delta.load_as_version(version)
        return delta

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


def _append_once(target: DeltaTable | Path, table: pa.Table, *, app: str, number: int, **made: Any) -> None:
    from deltalake import CommitProperties, Transaction, WriterProperties, write_deltalake  # heavy: as above

    write_deltalake(
        target,
        table,
        mode="append",
        schema_mode="merge",
        commit_properties=CommitProperties(app_transactions=[Transaction(app, number)]),
        writer_properties=WriterProperties(compression="ZSTD", compression_level=1),
        **made,
    )


def _sync_transaction(folder: Path, latest: int, *, app: str, number: int) -> None:
    """Make a commit survive a power cut: Delta leaves that to the system. One that the log has forgotten is old."""
    log, wanted = folder / "_delta_log", {"appId": app, "version": number}
    entries = (log / f"{version:020}.json" for version in range(latest, -1, -1))
    for entry in itertools.takewhile(Path.exists, entries):
        actions = [json.loads(line) for line in entry.read_bytes().splitlines()]
        if any(wanted.items() <= action.get("txn", {}).items() for action in actions):
            files = [folder / unquote(action["add"]["path"]) for action in actions if "add" in action]
            checkpoint = [log / f"{entry.stem}.checkpoint.parquet", log / "_last_checkpoint"]
            names = dict.fromkeys([*files, *(file.parent for file in files), entry, *checkpoint, log, folder])
            for path in filter(Path.exists, names):  # files of an old commit may have been made into others
                _sync(path)
            return


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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

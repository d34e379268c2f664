"""Stores in memory, for tests and for trying things out. They keep the same promises as the ones on disk."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from dragoman.records import DatasetVersion, Record, Run, Version
from dragoman.store.files import write_atomically
from dragoman.store.refusals import (
    alias_elsewhere,
    blob_not_found,
    dataset_number_taken,
    dataset_version_not_found,
    require_file,
    require_table_name,
    run_not_found,
    table_not_found,
    table_version_not_found,
    unstorable,
    version_not_found,
)
from dragoman.store.tables import fit_rows

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: only names of types are needed here

__all__ = ["MemoryBlobs", "MemoryCatalog", "MemoryTables"]


Kind = TypeVar("Kind", bound=Record)


class MemoryBlobs:
    """Blobs in a dictionary."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes] = {}

    def put_file(self, path: Path) -> str:
        require_file(path)
        return self.put_bytes(path.read_bytes())

    def put_bytes(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        self._contents[digest] = data
        return digest

    def get_bytes(self, digest: str) -> bytes:
        if digest not in self._contents:
            raise blob_not_found(digest)
        return self._contents[digest]

    def copy_to(self, digest: str, path: Path) -> None:
        write_atomically(path, self.get_bytes(digest))

    def exists(self, digest: str) -> bool:
        return digest in self._contents


class MemoryTables:
    """Every version of every table in a list."""

    def __init__(self) -> None:
        self._versions: dict[str, list[pa.Table]] = {}
        self._lock = threading.Lock()

    def overwrite(self, name: str, table: pa.Table) -> int:
        require_table_name(name)
        with self._lock:
            return self._add(name, table)

    def append(self, name: str, table: pa.Table) -> int:
        import pyarrow as pa  # heavy: imported where it is used

        require_table_name(name)
        with self._lock:
            if not (versions := self._versions.get(name)):
                return self._add(name, table)
            rows = fit_rows(table, versions[-1].schema, name=name)
            return self._add(name, pa.concat_tables([versions[-1], rows]))

    def read(self, name: str, *, version: int | None = None) -> pa.Table:
        if (versions := self._versions.get(name)) is None:
            raise table_not_found(name)
        latest = len(versions) - 1
        if version is not None and not 0 <= version <= latest:
            raise table_version_not_found(name, version, latest)
        return versions[latest if version is None else version]

    def latest(self, name: str) -> int | None:
        return len(self._versions[name]) - 1 if name in self._versions else None

    def names(self) -> list[str]:
        return sorted(self._versions)

    def _add(self, name: str, table: pa.Table) -> int:
        versions = self._versions.setdefault(name, [])
        versions.append(table)
        return len(versions) - 1


class MemoryCatalog:
    """Records in dictionaries."""

    def __init__(self) -> None:
        self._datasets: dict[str, dict[int, DatasetVersion]] = {}
        self._runs: dict[str, Run] = {}
        self._versions: dict[str, list[Version]] = {}
        self._aliases: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    # Datasets

    def add_dataset_version(self, record: DatasetVersion) -> DatasetVersion:
        with self._lock:
            if existing := self.find_dataset_version(record.name, record.digest):
                return existing
            versions = self._datasets.setdefault(record.name, {})
            if record.number in versions:
                raise dataset_number_taken(record.name, record.number)
            versions[record.number] = _copy(record)
            return record

    def dataset_version(self, name: str, number: int) -> DatasetVersion:
        versions = self._datasets.get(name, {})
        if number not in versions:
            raise dataset_version_not_found(name, number, sorted(versions))
        return _copy(versions[number])

    def find_dataset_version(self, name: str, digest: str) -> DatasetVersion | None:
        return next((version for version in self.dataset_versions(name) if version.digest == digest), None)

    def dataset_versions(self, name: str) -> list[DatasetVersion]:
        return [_copy(version) for _, version in sorted(self._datasets.get(name, {}).items())]

    # Runs

    def save_run(self, run: Run) -> None:
        self._runs[run.id] = _copy(run)

    def run(self, id: str) -> Run:
        if id not in self._runs:
            raise run_not_found(id)
        return _copy(self._runs[id])

    def runs(self, *, model: str | None = None) -> list[Run]:
        chosen = [_copy(run) for run in list(self._runs.values()) if model in (None, run.model)]
        return sorted(chosen, key=lambda run: (run.started, run.id), reverse=True)

    # Versions and aliases

    def add_version(self, *, model: str, bundle: str, run: str, owner: str, created: str) -> Version:
        with self._lock:
            for existing in self.versions(model):
                if existing.bundle == bundle:
                    return existing
            number = len(self.versions(model)) + 1
            version = Version(model=model, number=number, bundle=bundle, run=run, owner=owner, created=created)
            kept = _copy(version)
            self._versions.setdefault(model, []).append(kept)
            return version

    def version(self, model: str, number: int) -> Version:
        versions = {version.number: version for version in self.versions(model)}
        if number not in versions:
            raise version_not_found(model, number, list(versions))
        return versions[number]

    def versions(self, model: str) -> list[Version]:
        return [self._with_aliases(version) for version in self._versions.get(model, [])]

    def models(self) -> list[str]:
        return sorted(self._versions)

    def alias(self, model: str, alias: str) -> int | None:
        return self._aliases.get((model, alias))

    def move_alias(self, model: str, alias: str, number: int, *, expected: int | None) -> None:
        with self._lock:
            self.version(model, number)
            found = self.alias(model, alias)
            if found != expected:
                raise alias_elsewhere(model, alias, found=found, expected=expected)
            self._aliases[model, alias] = number

    def _with_aliases(self, version: Version) -> Version:
        mine = [
            alias
            for (model, alias), number in list(self._aliases.items())
            if (model, number) == (version.model, version.number)
        ]
        return msgspec.structs.replace(version, aliases=sorted(mine))


def _copy(record: Kind) -> Kind:
    """The record as it would come back from a database: a change of the one does not reach the other."""
    try:
        return msgspec.json.decode(msgspec.json.encode(record), type=type(record))
    except UnicodeEncodeError:
        raise unstorable() from None

"""Stores in memory, for tests and for trying things out. They keep the same promises as the ones on disk."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from dragoman.store.files import write_atomically
from dragoman.store.memory_catalog import MemoryCatalog
from dragoman.store.refusals import (
    blob_not_found,
    require_file,
    require_table_name,
    table_not_found,
    table_version_not_found,
)
from dragoman.store.tables import fit_rows

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: only names of types are needed here

__all__ = ["MemoryBlobs", "MemoryCatalog", "MemoryTables"]


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

"""What a store promises. The checks in `tests/checks/store.py` hold every implementation to it.

All three are safe to share between threads; the ones on disk also between processes. A write is there whole or not at
all, whenever its process dies.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dragoman.records import DatasetVersion, Run, Version

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: only names of types are needed here

__all__ = ["Blobs", "Catalog", "Tables"]


class Blobs(Protocol):
    """Content-addressed bytes: the key is the SHA-256 of the content, in lower-case hex."""

    def put_file(self, path: Path) -> str:
        """Copy a file in and return its digest; a content that is there already is not written again.

        Raises `NotFound` without a file at `path`, `Conflict` if it changes meanwhile, and `StorageFull`.
        """

    def put_bytes(self, data: bytes) -> str:
        """Like `put_file`, for content in memory."""

    def get_bytes(self, digest: str) -> bytes:
        """The content. Raises `NotFound`, and `Untrusted` if it no longer has that digest."""

    def copy_to(self, digest: str, path: Path) -> None:
        """Write the content to `path`: a copy, never a link. Raises as `get_bytes` does, and `StorageFull`."""

    def exists(self, digest: str) -> bool:
        """Whether the content was put. Says nothing about its present state."""


class Tables(Protocol):
    """Versioned tables: append and overwrite only; every version stays readable.

    A name matches `[a-z0-9][a-z0-9_-]{0,63}`; another one raises `InvalidInput` when written, and is not found when
    read. Rows have no order.
    """

    def overwrite(self, name: str, table: pa.Table) -> int:
        """Replace all rows and columns; returns the new version: 0, 1, 2 and so on.

        Raises `Conflict` if another writer holds the table too long, and `StorageFull`.
        """

    def append(self, name: str, table: pa.Table) -> int:
        """Add rows, the first ones make the table; returns the new version.

        Raises as `overwrite` does, and `InvalidData` if the columns are not those of the table.
        """

    def read(self, name: str, *, version: int | None = None) -> pa.Table:
        """The rows of a version, the latest by default. Raises `NotFound`, and `Untrusted` for changed files."""

    def latest(self, name: str) -> int | None:
        """The latest version, or None without such a table."""

    def names(self) -> list[str]:
        """All tables, sorted."""


class Catalog(Protocol):
    """The records of datasets, runs, versions and aliases.

    A name that the database cannot hold raises `InvalidInput` when written, and is not found when read. Every method
    may raise `Unavailable`; the writing ones also `StorageFull`.
    """

    def add_dataset_version(self, record: DatasetVersion) -> DatasetVersion:
        """Add a version, or return the one with the same name and digest.

        Raises `Conflict` if the number is taken by another digest.
        """

    def dataset_version(self, name: str, number: int) -> DatasetVersion:
        """Raises `NotFound`, naming the versions that there are."""

    def find_dataset_version(self, name: str, digest: str) -> DatasetVersion | None:
        """The version whose rows have this digest."""

    def dataset_versions(self, name: str) -> list[DatasetVersion]:
        """All versions of a dataset by number; empty for an unknown one."""

    def save_run(self, run: Run) -> None:
        """Add the run, or replace the one with its id."""

    def run(self, id: str) -> Run:
        """Raises `NotFound`."""

    def runs(self, *, model: str | None = None) -> list[Run]:
        """All runs, or those of one model; the newest started first."""

    def add_version(self, *, model: str, bundle: str, run: str, owner: str, created: str) -> Version:
        """Register a bundle under the model's next number (1, 2, 3, without gaps), or return its version."""

    def version(self, model: str, number: int) -> Version:
        """A version with its aliases. Raises `NotFound`, naming the versions that there are."""

    def versions(self, model: str) -> list[Version]:
        """All versions of a model by number, with their aliases; empty for an unknown model."""

    def models(self) -> list[str]:
        """All models with a version, sorted."""

    def alias(self, model: str, alias: str) -> int | None:
        """The number of the version that the alias points at."""

    def move_alias(self, model: str, alias: str, number: int, *, expected: int | None) -> None:
        """Point the alias at a version, if it points at `expected` now; None means that it does not exist.

        Raises `Conflict` if it points elsewhere, and `NotFound` for an unknown version.
        """

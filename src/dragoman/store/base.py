"""What a store promises. The checks in `tests/checks/store.py` hold every implementation to it.

All three are safe to share between threads; the ones on disk also between processes. A write is there whole or not at
all, whenever its process dies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from dragoman.records import (
    Alert,
    ApiKey,
    AuditRow,
    By,
    Counts,
    CountsKind,
    DatasetVersion,
    Notice,
    Release,
    Run,
    Signature,
    Silence,
    TallyRow,
    Version,
)
from dragoman.store.audit import Head
from dragoman.store.job_catalog import JobCatalog
from dragoman.store.review_catalog import ReviewCatalog
from dragoman.store.view_catalog import ViewCatalog

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


class Catalog(ViewCatalog, ReviewCatalog, JobCatalog, Protocol):
    """The records of datasets, runs, versions, views, review, jobs, releases, monitoring, keys; the log of changes.

    A name that the database cannot hold raises `InvalidInput` when written, and is not found when read. Every method
    may raise `Unavailable`; the writing ones also `StorageFull`. A change and its row of the audit log are one
    transaction. `by` says who makes it; None means the user of this process.
    """

    def add_dataset_version(self, record: DatasetVersion, *, by: By | None = None) -> DatasetVersion:
        """Add a version, or return the one with the same name and digest.

        Raises `Conflict` if the number is taken by another digest.
        """

    def dataset_version(self, name: str, number: int) -> DatasetVersion:
        """Raises `NotFound`, naming the versions that there are."""

    def find_dataset_version(self, name: str, digest: str) -> DatasetVersion | None:
        """The version whose rows have this digest."""

    def dataset_versions(self, name: str) -> list[DatasetVersion]:
        """All versions of a dataset by number; empty for an unknown one."""

    def save_run(self, run: Run, *, by: By | None = None) -> None:
        """Add the run, or replace the one with its id."""

    def run(self, id: str) -> Run:
        """Raises `NotFound`."""

    def runs(self, *, model: str | None = None) -> list[Run]:
        """All runs, or those of one model; the newest started first."""

    def add_version(
        self, *, model: str, bundle: str, run: str, owner: str, created: str, by: By | None = None
    ) -> Version:
        """Register a bundle under the model's next number (1, 2, 3, without gaps), or return its version."""

    def version(self, model: str, number: int) -> Version:
        """A version with its aliases. Raises `NotFound`, naming the versions that there are."""

    def versions(self, model: str) -> list[Version]:
        """All versions of a model by number, with their aliases; empty for an unknown model."""

    def models(self) -> list[str]:
        """All models with a version, sorted."""

    def alias(self, model: str, alias: str) -> int | None:
        """The number of the version that the alias points at."""

    def move_alias(
        self, model: str, alias: str, number: int | None, *, expected: int | None, by: By | None = None
    ) -> None:
        """Point the alias at a version, if it points at `expected` now; None means that it does not exist.

        With the number None the alias is removed. Raises `Conflict` if it points elsewhere or at a retired version, and
        `NotFound` for an unknown version.
        """

    def retire_version(self, model: str, number: int, *, by: By | None = None) -> Version:
        """Mark a version as retired. Raises `Conflict` while an alias points at it or a release uses it."""

    def restore_version(self, model: str, number: int, *, by: By | None = None) -> Version:
        """Take back that a version is retired: it may be served again. Raises `NotFound`."""

    def add_signature(self, signature: Signature, *, by: By | None = None) -> None:
        """Keep a signed statement about a bundle; one that is there already changes nothing."""

    def signatures(self, bundle: str) -> list[Signature]:
        """The statements about a bundle, the oldest first."""

    # Releases

    def save_release(self, release: Release, *, expected: int | None, action: str, by: By | None = None) -> Release:
        """Add a release (`expected` None) or replace the one with its id if its revision is `expected`.

        Returns it with its new revision. `action`, such as "release.stepped", names the audit row; an empty one writes
        none: a change of what was measured only. Raises `Conflict` if another revision is there, or if the model has
        another active release.
        """

    def release(self, id: str) -> Release:
        """Raises `NotFound`."""

    def releases(self, *, model: str | None = None, active: bool | None = None) -> list[Release]:
        """Releases, the newest first."""

    def save_tallies(self, release: str, replica: str, rows: Sequence[TallyRow], exposed: Mapping[str, int]) -> None:
        """Replace what one replica has counted for a release."""

    def tallies(self, release: str) -> dict[str, tuple[list[TallyRow], dict[str, int]]]:
        """Counts and exposed requests by replica."""

    def lease(self, name: str, holder: str, *, seconds: float) -> bool:
        """Whether `holder` holds the lease for the next seconds: it had it, or nobody else did.

        With 0 seconds it is free from now on, if it was `holder`'s or free.
        """

    # Monitoring

    def save_counts(self, rows: Sequence[Counts], *, instead_of: Sequence[Counts] = ()) -> None:
        """Add counts, or replace those of the same kind, model, version, start and replica; all or none.

        Those of `instead_of` are removed in the same transaction: many replicas' counts become one row. Raises
        `Conflict` if one of them is not stored any more with this content.
        """

    def counts(
        self, kind: CountsKind, model: str, *, version: str = "", since: str = "", until: str = ""
    ) -> list[Counts]:
        """Counts by start, version and replica; of one version, from `since` on and before `until`, where given."""

    def forget_counts(self, kind: CountsKind, *, before: str) -> int:
        """Remove the counts of buckets that start before then; returns how many rows there were."""

    def save_alerts(self, alerts: Sequence[Alert], notices: Sequence[Notice] = ()) -> list[Alert]:
        """Add or replace alerts, and add notices about them, all or none.

        Returns the alerts with their new revisions. Raises `Conflict` if an alert's revision is not the stored one (0:
        none is there), or if another one with its key fires already. A notice that is there already stays as it is.
        """

    def alert(self, id: str) -> Alert:
        """Raises `NotFound`."""

    def alerts(
        self, *, model: str | None = None, firing: bool | None = None, since: str = "", limit: int | None = None
    ) -> list[Alert]:
        """Alerts, the newest first; those that fired at `since` or later (whenever they started), where given."""

    def forget_alerts(self, *, before: str) -> int:
        """Remove alerts that ended before then, and what was told before then; returns how many alerts there were.

        Alerts that fire and notices that are still to be sent stay, however old they are.
        """

    def save_notice(self, notice: Notice) -> Notice:
        """Replace a notice, and return it with its new revision; a notice that was just added has 1.

        Raises `Conflict` if its revision is not the stored one.
        """

    def notices(self, *, unsent: bool = False, limit: int | None = None) -> list[Notice]:
        """Notices, the oldest first; with `unsent` those that wait or are being sent, by the time they are due."""

    def save_silence(self, silence: Silence, *, action: str, by: By | None = None) -> None:
        """Add a silence, or replace the one with its id. `action` is "silence.created" or "silence.ended"."""

    def silences(self, *, at: str = "") -> list[Silence]:
        """All silences by their start; those that hold at a moment, where one is given."""

    # Keys

    def save_key(self, key: ApiKey, *, action: str, by: By | None = None) -> None:
        """Add a key, or replace the one with its id. `action` is "key.created", "key.revoked" or "key.rotated".

        Raises `Conflict` where a revoked key would count again.
        """

    def keys(self) -> list[ApiKey]:
        """All keys, the oldest first."""

    # Audit

    def audit(self, action: str, subject: str, *, detail: Mapping[str, Any], by: By | None = None) -> AuditRow:
        """Record a change that is not the catalog's own."""

    def audit_rows(
        self, *, after: int = 0, limit: int | None = None, action: str = "", subject: str = ""
    ) -> list[AuditRow]:
        """Rows with a number above `after`, in order; of an action ("release." means all that begin so), a subject."""

    def audit_head(self) -> Head:
        """The newest row, as the catalog keeps it beside the rows."""

"""The rows of a version that was ingested: read back in parts, and compared with its digest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dragoman.data.measuring import Measure
from dragoman.errors import Untrusted
from dragoman.records import DatasetVersion
from dragoman.store.tables import DeltaTables

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["require_digest", "stored_batches", "verify_version"]

BATCH_ROWS = 65_536


def stored_batches(version: DatasetVersion, tables: DeltaTables) -> Iterator[pa.RecordBatch]:
    """The rows of a version, in bounded memory. Raises `NotFound`, and `Untrusted` for files that are gone."""
    import pyarrow as pa  # heavy: serving does without it

    found = tables.dataset(version.name, version=version.number)
    try:
        yield from found.to_batches(batch_size=BATCH_ROWS, fragment_readahead=1, batch_readahead=2)
    except (OSError, pa.ArrowInvalid):
        raise _changed(version, "its files were changed") from None


def require_digest(version: DatasetVersion, digest: str) -> None:
    """Raise `Untrusted` if the rows of a version are not those that were ingested."""
    if version.columns and digest != version.digest:
        raise _changed(version, f"its digest is {digest}, {version.digest} was registered")


def verify_version(version: DatasetVersion, tables: DeltaTables, *, folder: Path) -> None:
    """Read all rows of a version and compare them with its digest; `folder` takes what does not fit into memory.

    Raises `NotFound` and `Untrusted`.
    """
    with Measure(categories=(), folder=folder) as measure:
        for batch in stored_batches(version, tables):
            measure.add(batch)
        require_digest(version, measure.measured().digest)


def _changed(version: DatasetVersion, how: str) -> Untrusted:
    return Untrusted(
        f"Version {version.number} of the dataset '{version.name}' has changed: {how}.",
        help="Restore the table from a backup, or ingest the sources again.",
    )

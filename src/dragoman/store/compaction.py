"""Many small files of a Delta table become few: the rows stay as they are, and so does who has added what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from dragoman.store.table_parts import sync_path

if TYPE_CHECKING:
    from deltalake import DeltaTable  # heavy: imported where it is used

__all__ = ["KEEP_HOURS", "Compacted", "compact_part", "parts_before", "remove_unused"]

KEEP_HOURS = 24.0  # longer than anybody reads one version

# What selects the files of one partition; None: of the whole table.
PartFilter = list[tuple[str, str, Any]] | None


class Compacted(NamedTuple):
    """Files that were made into others, those that were made of them, and old ones that are gone from the disk."""

    merged: int = 0
    made: int = 0
    removed: int = 0


def parts_before(delta: DeltaTable, before: date | None) -> Iterator[PartFilter]:
    """The partitions of days before then, the oldest first; a table without partitions is one part."""
    columns = delta.metadata().partition_columns
    if not columns:
        yield None
        return
    found = {one[columns[0]] for one in delta.partitions()}
    for value in sorted(str(one) for one in found if one is not None):
        if before is None or value < before.isoformat():
            yield [(columns[0], "=", value)]


def compact_part(delta: DeltaTable, folder: Path, part: PartFilter) -> Compacted:
    """Make the small files of a part into large ones, in one commit that adds and removes no row; it is synced.

    Whoever reads an earlier version goes on with its files: they stay until `remove_unused`.
    """
    from deltalake import WriterProperties  # heavy: serving does without it

    before = delta.version()
    done = delta.optimize.compact(
        partition_filters=part,
        max_concurrent_tasks=1,
        writer_properties=WriterProperties(compression="ZSTD", compression_level=1),
    )
    for version in range(before + 1, delta.version() + 1):
        _sync_version(folder, version)
    return Compacted(done["numFilesRemoved"], done["numFilesAdded"])


def remove_unused(delta: DeltaTable, *, keep_hours: float) -> int:
    """Remove files that no version of the last hours has; versions before that cannot be read any more."""
    gone = delta.vacuum(retention_hours=round(keep_hours), dry_run=False, enforce_retention_duration=False, full=True)
    return len(gone)


def _sync_version(folder: Path, version: int) -> None:
    log = folder / "_delta_log"
    entry = log / f"{version:020}.json"
    actions = [json.loads(line) for line in entry.read_bytes().splitlines()]
    files = [folder / unquote(action["add"]["path"]) for action in actions if "add" in action]
    for path in dict.fromkeys([*files, *(file.parent for file in files), entry, log, folder]):
        sync_path(path)

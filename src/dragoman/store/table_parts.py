"""Parquet files that become rows of a Delta table in one commit: the files are moved in first, the commit is last."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used
    from deltalake import DeltaTable
    from deltalake.transaction import AddAction

__all__ = ["Mode", "Part", "commit_parts", "is_committed", "part_name", "remove_parts", "sync_path"]

Mode = Literal["append", "overwrite"]


class Part(NamedTuple):
    """A Parquet file, whole and synced."""

    path: Path
    rows: int


def part_name(number: int, mark: str) -> str:
    """The name of a part file; `mark` tells those of one commit from all others."""
    return f"part-{number:05}-{mark}.parquet"


def commit_parts(
    delta: DeltaTable | None,
    folder: Path,
    parts: Sequence[Part],
    schema: pa.Schema,
    *,
    mode: Mode,
    app: str,
    configuration: dict[str, str],
) -> int:
    """Move the parts into the table's folder and commit them; without a table, make one. Returns the new version.

    With `app`, the commit also says that `app` has added something. Everything is synced.
    """
    from deltalake import CommitProperties, DeltaTable, Schema, Transaction  # heavy: serving does without it
    from deltalake.transaction import create_table_with_add_actions

    actions = [_moved(part, folder) for part in parts]
    properties = CommitProperties(app_transactions=[Transaction(app, 1)] if app else None)
    kind: Any = Schema.from_arrow(schema)
    sync_path(folder)
    if delta is None:
        create_table_with_add_actions(
            str(folder), kind, actions, configuration=configuration, commit_properties=properties
        )
    else:
        delta.create_write_transaction(list(actions), mode, kind, commit_properties=properties)
    version = DeltaTable(folder).version()
    for path in (_entry(folder, version), folder / "_delta_log", folder):
        sync_path(path)
    return version


def is_committed(folder: Path, mark: str, *, after: int) -> bool:
    """Whether a version later than `after` has parts of this mark."""
    version = after + 1
    while (entry := _entry(folder, version)).is_file():
        if f"-{mark}.parquet" in entry.read_text(encoding="utf-8"):
            return True
        version += 1
    return False


def remove_parts(folder: Path, mark: str) -> None:
    """Remove the parts of a commit that never came, and the folder if nothing else is in it."""
    for path in folder.glob(f"part-*-{mark}.parquet"):
        path.unlink()
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def sync_path(path: Path) -> None:
    """Make a file, or the names in a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _moved(part: Part, folder: Path) -> AddAction:
    from deltalake.transaction import AddAction  # heavy: serving does without it

    target = folder / part.path.name
    part.path.replace(target)
    found = target.stat()
    stats = json.dumps({"numRecords": part.rows})
    return AddAction(target.name, found.st_size, {}, int(found.st_mtime * 1000), data_change=True, stats=stats)


def _entry(folder: Path, version: int) -> Path:
    return folder / "_delta_log" / f"{version:020}.json"

"""What one commit of a Delta table added."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["added_files", "has_commit", "rows_of_files"]


def added_files(folder: Path, version: int) -> list[Path] | None:
    """The files whose rows a version of the table in `folder` added; None where there is no such version.

    Those of a compaction hold rows that were there (`dataChange` is false: the protocol of Delta Lake, "Add File").
    """
    if not has_commit(folder, version):
        return None
    actions = [json.loads(line) for line in _commit(folder, version).read_bytes().splitlines() if line.strip()]
    added = [action["add"] for action in actions if "add" in action]
    return [folder / unquote(one["path"]) for one in added if one.get("dataChange", True)]


def has_commit(folder: Path, version: int) -> bool:
    """Whether a version of a table was committed; it costs one look at the disk."""
    return _commit(folder, version).is_file()


def rows_of_files(pieces: Sequence[pa.Table]) -> pa.Table:
    """The rows of several files, whose columns may differ."""
    import pyarrow as pa  # heavy: serving does without it

    return pa.concat_tables(pieces, promote_options="default") if pieces else pa.table({})


def _commit(folder: Path, version: int) -> Path:
    return folder / "_delta_log" / f"{version:020}.json"

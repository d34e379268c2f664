"""Whether the write-ahead files are as they were written."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from dragoman.monitoring.prediction_log.reading import Reading
from dragoman.monitoring.prediction_log.schema import table_of
from dragoman.monitoring.prediction_log.segment import name_of, segments_in
from dragoman.monitoring.prediction_log.sink import DAMAGED

__all__ = ["verify_wal"]


def verify_wal(folder: Path) -> list[str]:
    """What is wrong with the segments under a folder, by file and byte; empty when nothing is.

    The folder is that of all replicas or of one; a server may be writing there. What a killed process had not finished
    is not wrong. Files that were kept aside are named again, until somebody removes them.
    """
    folders = sorted({folder, *(path for path in folder.rglob("*") if path.is_dir())})
    return [problem for one in folders for problem in _problems_of(one)]


def _problems_of(folder: Path) -> Iterator[str]:
    paths = segments_in(folder)
    yield from _missing(paths)
    followed = {earlier for earlier, later in pairwise(paths) if name_of(earlier).app == name_of(later).app}
    for path in [*paths, *sorted(folder.glob(f"*{DAMAGED}"))]:
        for problem in _problems_in(path, is_last=path not in followed):
            yield f"{path}: {problem}"


def _problems_in(path: Path, *, is_last: bool) -> Iterator[str]:
    try:
        reading = Reading(path, path.read_bytes())
    except FileNotFoundError:
        return  # it has just been moved to the table
    _, unreadable = table_of(reading.payloads())
    yield from reading.problems + unreadable
    if not (reading.is_ended or is_last or reading.problems):
        where = len(reading.data) if reading.torn is None else reading.torn
        yield f"it has no end: records may be missing from byte {where}"


def _missing(paths: list[Path]) -> Iterator[str]:
    """Segments are removed from the oldest on, so none is missing between two others."""
    for earlier, later in pairwise(paths):
        before, after = name_of(earlier), name_of(later)
        if before.app == after.app and after.number > before.number + 1:
            yield f"{later}: the {after.number - before.number - 1} segments before it are missing"

"""Files that appear in a folder, each taken once, when it is whole.

A file is whole when its size and time have not changed for some seconds, and it has none of the names that programs
give to what they are still writing: a dot or `_` first, `.tmp`, `.part`, `.partial`, `.crdownload` or `~` last. Who
writes under such a name and renames at the end is on the safe side.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from dragoman.errors import NotFound
from dragoman.records.base import Record
from dragoman.store.files import write_atomically

__all__ = ["Taken", "WatchedFolder"]

UNFINISHED_STARTS = (".", "_")
UNFINISHED_ENDS = (".tmp", ".part", ".partial", ".crdownload", "~")


class Taken(Record, frozen=True, kw_only=True):
    """A file that needs no second look, unless it changes."""

    size: int
    changed: int  # its time, in nanoseconds
    refused: str = ""  # why; empty: it is in a version


class Seen(NamedTuple):
    """A file at the last look."""

    size: int
    changed: int
    since: float  # when it was first seen like this


class WatchedFolder:
    """Looks at a folder and the folders in it. What was taken is remembered in the file `memory`."""

    def __init__(
        self,
        folder: Path,
        pattern: str,
        memory: Path,
        *,
        settle_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not folder.is_dir():
            raise NotFound(f"There is no folder {folder}.", help="Make it first; files are taken when they appear.")
        self.folder, self.pattern, self.memory = folder, pattern, memory
        self.settle_seconds, self.clock = settle_seconds, clock
        self.taken = _read(memory)
        self.waiting = 0  # files that were there at the last look, and may not be whole yet
        self._seen: dict[Path, Seen] = {}

    def ready(self) -> list[Path]:
        """The whole files that were not taken yet, the oldest first."""
        now, seen = self.clock(), {}
        for path, size, changed in self._files():
            before = self._seen.get(path)
            is_same = before is not None and (before.size, before.changed) == (size, changed)
            seen[path] = before if before is not None and is_same else Seen(size, changed, now)
        self._seen = seen
        whole = [path for path, one in seen.items() if now - one.since >= self.settle_seconds]
        self.waiting = len(seen) - len(whole)
        return sorted(whole, key=lambda path: (seen[path].changed, path))

    def take(self, path: Path, *, refused: str = "") -> None:
        """Remember a file, as it was at the last look, and with it why it was refused."""
        seen = self._seen.pop(path)
        self.taken[self._name(path)] = Taken(size=seen.size, changed=seen.changed, refused=refused)
        write_atomically(self.memory, msgspec.json.encode(self.taken))

    def _files(self) -> list[tuple[Path, int, int]]:
        """Those that may be new, with size and time."""
        found = []
        for path in self.folder.glob(self.pattern):
            try:
                state = path.stat()
            except FileNotFoundError:  # renamed meanwhile
                continue
            known = self.taken.get(self._name(path))
            is_known = known is not None and (known.size, known.changed) == (state.st_size, state.st_mtime_ns)
            if path.is_file() and not is_known and not _is_unfinished(path.relative_to(self.folder)):
                found.append((path, state.st_size, state.st_mtime_ns))
        return found

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()


def _is_unfinished(path: Path) -> bool:
    return any(part.startswith(UNFINISHED_STARTS) for part in path.parts) or path.name.endswith(UNFINISHED_ENDS)


def _read(memory: Path) -> dict[str, Taken]:
    """A memory that is gone costs a second look only: a version knows its sources."""
    try:
        return msgspec.json.decode(memory.read_bytes(), type=dict[str, Taken])
    except (FileNotFoundError, msgspec.MsgspecError):
        return {}

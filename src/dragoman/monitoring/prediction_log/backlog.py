"""Segments that are complete and wait to be moved to the table."""

from __future__ import annotations

import threading
from pathlib import Path

__all__ = ["Backlog"]


class Backlog:
    """The segments of one replica, in the order in which they were written, with their sizes in bytes."""

    def __init__(self) -> None:
        self._sizes: dict[Path, int] = {}
        self._changed = threading.Condition()
        self._is_fresh = self._is_closed = False

    def __len__(self) -> int:
        return len(self._sizes)

    @property
    def bytes(self) -> int:
        with self._changed:
            return sum(self._sizes.values())

    def add(self, path: Path, size: int) -> None:
        with self._changed:
            self._sizes[path] = size
            self._is_fresh = True
            self._changed.notify()

    def remove(self, path: Path) -> None:
        with self._changed:
            self._sizes.pop(path, None)

    def paths(self) -> list[Path]:
        with self._changed:
            return list(self._sizes)

    def wait(self, seconds: float) -> bool:
        """Until a segment has come since the last call, or the seconds are over; False when nothing more comes."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._is_fresh, seconds)
            self._is_fresh = False
            return not self._is_closed

    def close(self) -> None:
        """Nothing more comes."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

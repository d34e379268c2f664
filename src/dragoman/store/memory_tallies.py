"""What replicas have counted for releases, and leases, in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence

from dragoman.records import TallyRow
from dragoman.store.changes import as_stored

__all__ = ["MemoryTallies"]


class MemoryTallies:
    """Counts and leases in dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self._tallies: dict[str, dict[str, tuple[list[TallyRow], dict[str, int]]]] = {}
        self._leases: dict[str, tuple[str, float]] = {}
        self._tally_lock = threading.Lock()

    def save_tallies(self, release: str, replica: str, rows: Sequence[TallyRow], exposed: Mapping[str, int]) -> None:
        with self._tally_lock:
            self._tallies.setdefault(release, {})[replica] = ([as_stored(row) for row in rows], dict(exposed))

    def tallies(self, release: str) -> dict[str, tuple[list[TallyRow], dict[str, int]]]:
        with self._tally_lock:
            return {
                replica: ([as_stored(row) for row in rows], dict(exposed))
                for replica, (rows, exposed) in sorted(self._tallies.get(release, {}).items())
            }

    def lease(self, name: str, holder: str, *, seconds: float) -> bool:
        with self._tally_lock:
            owner, ends = self._leases.get(name, (holder, 0.0))
            if owner != holder and time.monotonic() < ends:
                return False
            self._leases[name] = (holder, time.monotonic() + seconds)
            return True

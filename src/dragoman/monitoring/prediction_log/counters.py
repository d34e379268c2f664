"""What the log has done so far."""

from __future__ import annotations

import threading
from typing import NamedTuple

__all__ = ["Counters", "LogStats"]


class LogStats(NamedTuple):
    """A log at one moment. Rows, except where bytes are named; all counts only grow, the last four go up and down.

    `appended` = `durable` + `shed` + those that wait in memory. `committed` counts rows of processes that died, too,
    when this one moved them.
    """

    appended: int
    durable: int  # synced to the disk
    committed: int  # in the Delta table
    shed: int  # not recorded
    damaged: int  # places in segments that were not what was written
    waiting: int  # in memory
    pending_bytes: int  # on the disk, not in the Delta table yet
    pending_segments: int
    last_error: str  # empty: the last attempt of everything succeeded


class Counters:
    """Counts of several threads, and the last error of each part."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(("appended", "durable", "committed", "shed", "damaged"), 0)
        self._errors: dict[str, str] = {}

    def add(self, **counts: int) -> None:
        with self._lock:
            for name, number in counts.items():
                self._counts[name] += number

    def note(self, part: str, error: str) -> None:
        """The last error of a part; an empty one: it works."""
        with self._lock:
            self._errors.pop(part, None)
            if error:
                self._errors[part] = error

    def snapshot(self, **gauges: int) -> LogStats:
        with self._lock:
            return LogStats(**self._counts, **gauges, last_error=next(reversed(self._errors.values()), ""))

"""Rows on their way from those who answer to the thread that writes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from dragoman.monitoring.prediction_log.ticket import Ticket

__all__ = ["Group", "Inbox"]

FULL_GROUP_BYTES = 1 << 20  # written at once, without waiting for more


class Group:
    """Encoded rows that are written and synced together."""

    def __init__(self, hasten: Callable[[], None]) -> None:
        self.payloads: list[bytes] = []
        self.bytes = 0
        self.ticket = Ticket(hasten)
        self.since = 0.0  # when its first row came
        self.is_urgent = False  # somebody waits for it


class Inbox:
    """Collects rows in memory, at most `max_bytes` of them, for at most `flush_seconds`.

    `take` gives one group at a time; its rows count as memory until the next `take`.
    """

    def __init__(self, *, max_bytes: int, flush_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.max_bytes, self.flush_seconds, self.clock = max_bytes, flush_seconds, clock
        self.is_closed = False
        self._changed = threading.Condition()
        self._taken = 0
        self._group = self._new_group()

    @property
    def rows(self) -> int:
        """Rows that wait to be taken."""
        return len(self._group.payloads)

    def put(self, payloads: Sequence[bytes]) -> Ticket | None:
        """Rows to write; None when there is no room for them, or nobody who will write them."""
        size = sum(map(len, payloads))
        with self._changed:
            group = self._group
            if self.is_closed or self._taken + group.bytes + size > self.max_bytes:
                return None
            if not group.payloads:
                group.since = self.clock()
                self._changed.notify()
            group.payloads += payloads
            group.bytes += size
            if group.bytes >= FULL_GROUP_BYTES:
                self._changed.notify()
            return group.ticket

    def take(self, until: float | None = None) -> Group | None:
        """The next group, once it is due; None when the clock reaches `until` first, or a closed inbox is empty."""
        with self._changed:
            self._taken = 0
            while not self._is_due():
                due = self._group.since + self.flush_seconds if self._group.payloads else None
                alarm = min((one for one in (due, until) if one is not None), default=None)
                if self.is_closed or (until is not None and until <= self.clock()):
                    return None
                self._changed.wait(None if alarm is None else max(alarm - self.clock(), 0))
            group, self._group = self._group, self._new_group()
            self._taken = group.bytes
            return group

    def close(self) -> None:
        """Take no more rows; those that are here are due."""
        with self._changed:
            self.is_closed = True
            self._changed.notify()

    def _is_due(self) -> bool:
        group = self._group
        if not group.payloads:
            return False
        is_full = group.bytes >= FULL_GROUP_BYTES
        return group.is_urgent or self.is_closed or is_full or self.clock() >= group.since + self.flush_seconds

    def _new_group(self) -> Group:
        group = Group(lambda: self._hasten(group))
        return group

    def _hasten(self, group: Group) -> None:
        with self._changed:
            if not group.is_urgent:
                group.is_urgent = True
                self._changed.notify()

"""The thread that puts rows on the disk."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import NamedTuple

from dragoman.errors import DragomanError, StorageFull
from dragoman.monitoring.prediction_log.backlog import Backlog
from dragoman.monitoring.prediction_log.counters import Counters
from dragoman.monitoring.prediction_log.disk import Disk
from dragoman.monitoring.prediction_log.home import Home
from dragoman.monitoring.prediction_log.inbox import Group, Inbox
from dragoman.monitoring.prediction_log.segment import Segment, SegmentName, segments_in
from dragoman.monitoring.prediction_log.shedding import Shedding

__all__ = ["Limits", "Writer"]

logger = logging.getLogger(__name__)


class Limits(NamedTuple):
    """When a segment is complete, and how much the segments of a replica may hold together."""

    max_bytes: int
    segment_bytes: int
    segment_seconds: float


class Writer:
    """Writes groups of rows to segments, and hands complete segments to the backlog.

    A group that the disk refuses is shed, and the next one is tried on a new segment: nothing waits for a full disk,
    and writing goes on by itself when there is space again.
    """

    def __init__(
        self,
        home: Home,
        inbox: Inbox,
        backlog: Backlog,
        counters: Counters,
        limits: Limits,
        *,
        app: str,
        disk: Disk,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.home, self.inbox, self.backlog, self.counters, self.limits = home, inbox, backlog, counters, limits
        self.app, self.disk, self.clock = app, disk, clock
        self.shedding = Shedding(counters, clock=clock)
        self._number = 1
        self._segment: Segment | None = None
        self._since = 0.0  # when the segment was begun

    @property
    def bytes(self) -> int:
        """On the disk, and not in the table yet."""
        segment = self._segment
        return self.backlog.bytes + (segment.size if segment else 0)

    def enter(self) -> None:
        """Take the replica's folder and what a killed process left there. Raises as `Home.enter` does."""
        self.home.enter()
        for path in segments_in(self.home.folder):
            self.backlog.add(path, path.stat().st_size)

    def run(self) -> None:
        """Write until the inbox is closed and empty."""
        while (group := self.inbox.take(self._complete_at())) or not self.inbox.is_closed:
            if group:
                self._settle(group)
            if self._is_complete():
                self._complete()
        self._complete()

    def _settle(self, group: Group) -> None:
        try:
            self._write(group)
        except Exception as error:  # whatever it is: the next group is tried, and those who wait are told
            self._complete()
            self.shedding.shed(len(group.payloads), _reason(error))
            group.ticket.settle("shed")
            return
        self.shedding.over()
        self.counters.add(durable=len(group.payloads))
        group.ticket.settle("durable")

    def _write(self, group: Group) -> None:
        if not self.home.is_entered:
            self.enter()
        if self.bytes + group.bytes > self.limits.max_bytes:
            raise StorageFull(f"{self.bytes} bytes wait to be moved to the table, of at most {self.limits.max_bytes}.")
        if self._segment is None:
            self._segment = Segment(self.home.folder, SegmentName(self.app, self._number), self.disk)
            self._since = self.clock()
        self._segment.append(group.payloads)

    def _complete_at(self) -> float | None:
        return self._since + self.limits.segment_seconds if self._segment else None

    def _is_complete(self) -> bool:
        segment, due = self._segment, self._complete_at()
        return (
            segment is not None
            and due is not None
            and (segment.size >= self.limits.segment_bytes or self.clock() >= due)
        )

    def _complete(self) -> None:
        """Hand the segment over; its number is used again only if nothing is left of it."""
        segment, self._segment = self._segment, None
        if segment is not None and segment.close():
            self._number += 1
            self.backlog.add(segment.path, segment.size)


def _reason(error: Exception) -> str:
    if isinstance(error, DragomanError):
        return error.message
    return f"{type(error).__name__}: {error}" if not isinstance(error, OSError) else f"{error.strerror}."

"""The durable log of predictions: to the disk within a second, to the Delta table exactly once."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from dragoman.errors import StorageFull
from dragoman.monitoring.prediction_log.backlog import Backlog
from dragoman.monitoring.prediction_log.counters import Counters, LogStats
from dragoman.monitoring.prediction_log.disk import Disk
from dragoman.monitoring.prediction_log.home import Home
from dragoman.monitoring.prediction_log.inbox import Inbox
from dragoman.monitoring.prediction_log.mover import Mover
from dragoman.monitoring.prediction_log.schema import encode_row
from dragoman.monitoring.prediction_log.sink import Sink
from dragoman.monitoring.prediction_log.ticket import Ticket
from dragoman.monitoring.prediction_log.writer import Limits, Writer
from dragoman.records import PredictionRow
from dragoman.store.tables import DeltaTables

__all__ = ["PredictionLog"]

logger = logging.getLogger(__name__)

CLOSE_SECONDS = 30.0  # for the table; what is not moved by then is moved by the next process


class PredictionLog:
    """The log of one server process; safe to share between threads and event loops.

    Rows are synced to `folder/REPLICA` at most `flush_seconds` after they were appended, at once when somebody waits
    for their ticket, and are in the table `predictions` after about `segment_seconds` more. `max_waiting_bytes` bounds
    the rows in memory, `max_bytes` those on the disk that the table has not got; what is beyond is shed: counted, told
    loudly, and not recorded.

    Raises `Conflict` while another process is this replica, and `InvalidInput` for a folder that cannot be.
    """

    def __init__(
        self,
        folder: Path,
        tables: DeltaTables,
        *,
        replica: str = "",
        max_bytes: int = 1 << 30,
        max_waiting_bytes: int = 1 << 26,
        flush_seconds: float = 0.5,
        segment_bytes: int = 1 << 24,
        segment_seconds: float = 30.0,
        disk: Disk | None = None,
    ) -> None:
        disk = disk or Disk()
        self._home, self._backlog, self._counters = Home(folder, replica), Backlog(), Counters()
        self._inbox = Inbox(max_bytes=max_waiting_bytes, flush_seconds=flush_seconds)
        limits = Limits(max_bytes, segment_bytes, segment_seconds)
        self._writer = Writer(self._home, self._inbox, self._backlog, self._counters, limits, app=_new_app(), disk=disk)
        self._mover = Mover(self._home, self._backlog, self._counters, Sink(tables, disk))
        self._enter()
        self._threads = [
            threading.Thread(target=part.run, name=f"dragoman-log-{name}", daemon=True)
            for name, part in (("writer", self._writer), ("mover", self._mover))
        ]
        for thread in self._threads:
            thread.start()

    def append(self, rows: Sequence[PredictionRow]) -> Ticket:
        """Record rows, all or none of them; returns at once, and raises nothing."""
        self._counters.add(appended=len(rows))
        try:
            payloads = [encode_row(row) for row in rows]
        except Exception as error:
            return self._shed(rows, f"a row cannot be encoded: {error}")
        if not payloads:
            return Ticket(fate="durable")
        return self._inbox.put(payloads) or self._shed(rows, "too many rows wait for the disk, or the log is closed.")

    @property
    def stats(self) -> LogStats:
        """What the log has done so far."""
        backlog = self._backlog
        return self._counters.snapshot(
            waiting=self._inbox.rows, pending_bytes=self._writer.bytes, pending_segments=len(backlog)
        )

    def close(self) -> None:
        """Sync what was appended and move what can be moved. Rows that are appended later are shed."""
        writer, mover = self._threads
        self._inbox.close()
        writer.join(CLOSE_SECONDS)
        self._backlog.close()
        mover.join(CLOSE_SECONDS)
        if not (writer.is_alive() or mover.is_alive()):
            self._home.leave()

    def _enter(self) -> None:
        """A full disk does not keep a server from starting: the writer tries again."""
        try:
            self._writer.enter()
        except StorageFull as error:
            self._counters.note("write", error.message)
            logger.error("Predictions are NOT recorded until there is space: %s", error.message)  # noqa: TRY400 (a full disk)

    def _shed(self, rows: Sequence[PredictionRow], why: str) -> Ticket:
        self._writer.shedding.shed(len(rows), why)
        return Ticket(fate="shed")


def _new_app() -> str:
    """A name for one opening of a log, never used again; later ones sort later.

    A number that went on from the last opening could be handed out twice after a backup was restored, and the table
    would take the second for the first.
    """
    return f"{time.time_ns() // 1_000_000:012x}-{secrets.token_hex(8)}"

"""The thread that moves complete segments to the table."""

from __future__ import annotations

import logging
from pathlib import Path

from dragoman.errors import Conflict, DragomanError
from dragoman.monitoring.prediction_log.backlog import Backlog
from dragoman.monitoring.prediction_log.counters import Counters
from dragoman.monitoring.prediction_log.home import Home, lock_of, neighbours
from dragoman.monitoring.prediction_log.segment import segments_in
from dragoman.monitoring.prediction_log.sink import Sink
from dragoman.store.files import FileLock

__all__ = ["Mover"]

logger = logging.getLogger(__name__)

FIRST_PAUSE = 2.0  # after a segment could not be moved; then twice as long each time
LONGEST_PAUSE = 60.0
IDLE_SECONDS = 60.0  # between two looks at what other replicas left behind


class Mover:
    """Moves the segments of the backlog, oldest first, and those of replicas that died.

    A table that cannot be written leaves the segments where they are; they are tried again, at longer and longer
    intervals.
    """

    def __init__(self, home: Home, backlog: Backlog, counters: Counters, sink: Sink) -> None:
        self.home, self.backlog, self.counters, self.sink = home, backlog, counters, sink
        self._pause = 0.0  # 0: the last attempt succeeded

    def run(self) -> None:
        """Move what there is, until the backlog is closed; then once more."""
        self._move_all()
        while self.backlog.wait(self._pause or IDLE_SECONDS):
            self._move_all()
        self._move_all()

    def _move_all(self) -> None:
        try:
            for path in self.backlog.paths():
                self._move(path)
                self.backlog.remove(path)
            if self.home.is_entered:
                self._adopt()
        except BaseException as error:  # a panic of the table's library is none of Exception
            self._failed(error)
            return
        self._pause = 0.0
        self.counters.note("move", "")

    def _failed(self, error: BaseException) -> None:
        text = error.message if isinstance(error, DragomanError) else f"{type(error).__name__}: {error}"
        if not self._pause:
            logger.warning("Predictions wait in %s: %s", self.home.folder, text)
        self._pause = min(max(2 * self._pause, FIRST_PAUSE), LONGEST_PAUSE)
        self.counters.note("move", text)

    def _move(self, path: Path) -> None:
        moved = self.sink.move(path)
        self.counters.add(committed=moved.rows, damaged=len(moved.problems))

    def _adopt(self) -> None:
        """Move what replicas that died have left. Each segment under their lock: one that comes back need not wait."""
        for folder in neighbours(self.home.folder):
            for path in segments_in(folder):
                try:
                    with FileLock(lock_of(folder)):
                        if path.exists():
                            self._move(path)
                except Conflict:
                    break

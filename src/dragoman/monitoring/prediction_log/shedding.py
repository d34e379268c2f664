"""Rows that are not recorded: counted all, told loudly, but not each by each."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from dragoman.monitoring.prediction_log.counters import Counters

__all__ = ["Shedding"]

logger = logging.getLogger(__name__)

REPEAT_SECONDS = 10.0


class Shedding:
    """Counts rows that are not recorded, and says so at once, then every ten seconds, and when it is over."""

    def __init__(self, counters: Counters, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.counters, self.clock = counters, clock
        self._lock = threading.Lock()
        self._untold = self._lost = 0
        self._told: float | None = None  # when it was last said; None: nothing is being shed

    def shed(self, rows: int, why: str) -> None:
        self.counters.add(shed=rows)
        self.counters.note("write", why)
        with self._lock:
            self._untold += rows
            self._lost += rows
            if self._told is not None and self.clock() < self._told + REPEAT_SECONDS:
                return
            untold, self._untold, self._told = self._untold, 0, self.clock()
        logger.error("%d predictions were answered but NOT recorded: %s", untold, why)

    def over(self) -> None:
        """A group was written."""
        with self._lock:
            if self._told is None:
                return
            lost, self._lost, self._untold, self._told = self._lost, 0, 0, None
        self.counters.note("write", "")
        logger.warning("Predictions are recorded again; %d were not.", lost)

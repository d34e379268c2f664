"""Notices a batch that does not end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable

__all__ = ["Watchdog"]

LEAST_SECONDS = 30.0
MOST_ESTIMATES = 20
UNKNOWN_SECONDS = 600.0  # for what nothing like it ran before: a first batch may compile kernels


class Watchdog:
    """Calls `bark` once with each thing that runs longer than its bound: `least` seconds, or 20 times its estimate.

    Its thread sleeps while nothing runs. While something does, it wakes when the oldest bound is reached, not before;
    what begins meanwhile does not wake it, so work that ends in time costs it two dictionary entries.
    """

    def __init__(
        self,
        bark: Callable[[Hashable], None],
        *,
        least: float = LEAST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.bark, self.least, self.clock = bark, least, clock
        self._due: dict[Hashable, float] = {}
        self._changed = threading.Condition()
        self._alarm: float | None = None  # when the thread wakes by itself; None: it sleeps until something begins
        self._is_closed = False
        self._thread = threading.Thread(target=self._watch, name="dragoman-watchdog", daemon=True)

    def bound(self, estimate: float) -> float:
        """Seconds that something may take which should take `estimate`; 0 means that nobody knows."""
        return max(self.least, MOST_ESTIMATES * estimate) if estimate else max(self.least, UNKNOWN_SECONDS)

    def start(self) -> None:
        self._thread.start()

    def begins(self, what: Hashable, estimate: float) -> None:
        """Watch from now on."""
        due = self.clock() + self.bound(estimate)
        with self._changed:
            self._due[what] = due
            if self._alarm is None or due < self._alarm:
                self._changed.notify_all()

    def ends(self, what: Hashable) -> None:
        """Watch no more."""
        with self._changed:
            self._due.pop(what, None)

    def overdue(self) -> list[Hashable]:
        """What has run too long, watched no more."""
        with self._changed:
            now = self.clock()
            late = [what for what, due in self._due.items() if due <= now]
            for what in late:
                del self._due[what]
            return late

    def check(self) -> None:
        """Bark at what is overdue."""
        for what in self.overdue():
            self.bark(what)

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(self.least)

    def _watch(self) -> None:
        while self._wait():
            self.check()

    def _wait(self) -> bool:
        """Until something may be overdue; False when there is no more to watch."""
        with self._changed:
            self._alarm = min(self._due.values(), default=None)
            if not self._is_closed:
                self._changed.wait(None if self._alarm is None else max(self._alarm - self.clock(), 0))
            self._alarm = 0.0  # awake: it will look at everything before it sleeps
            return not self._is_closed

"""The threads that work one session."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from functools import partial

from dragoman.runtime.base import DividedSession, Session
from dragoman.serving.batch import Batch
from dragoman.serving.execution import Ran, run_session

__all__ = ["Crew"]

logger = logging.getLogger(__name__)

NICENESS = 5

Done = tuple[Batch, list[Ran], float]  # and the seconds that the session took


class Crew:
    """A thread for each half of the session runs batches; while more wait, another hands out the answers of what ran.

    So the session does not wait for readouts, and the answers of a batch after which nothing waits take no way round.
    `take` waits for a batch and gives None when there will be none; `put_down` hears that the session is free, and says
    whether more waits; `hand_out` gets what ran and for how many seconds; `on_death` hears of a thread that ended by an
    exception. All get the crew, which may have been replaced since.
    """

    def __init__(
        self,
        session: Session,
        *,
        first_position: int,
        take: Callable[[Crew], Batch | None],
        put_down: Callable[[Crew, Batch, float], bool],
        hand_out: Callable[[Crew, Batch, list[Ran], float], None],
        on_death: Callable[[Crew], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.session, self.first_position, self.clock = session, first_position, clock
        self._take, self._put_down, self._hand_out, self._on_death = take, put_down, hand_out, on_death
        self._done: queue.Queue[Done | None] = queue.Queue(maxsize=1)  # hidden states are large: no more than needed
        self.runners = session.halves if isinstance(session, DividedSession) else 1
        works = [("finisher", self._finish_all), *[("runner", self._run_all)] * self.runners]
        self._threads = [
            threading.Thread(target=self._guard, args=(work,), name=f"dragoman-engine-{name}", daemon=True)
            for name, work in works
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def step(self, *, pass_on: bool = False) -> bool:
        """One batch: take, run, hand out. False when there will be none."""
        batch = self._take(self)
        if batch is None:
            return False
        started = self.clock()
        half = batch.part.half
        run = partial(run_session, self.session, batch.works, first_position=self.first_position, half=half)
        parts = run() if batch.works else []
        seconds = self.clock() - started
        is_more = self._put_down(self, batch, seconds)
        if is_more and pass_on:
            self._done.put((batch, parts, seconds))
        else:
            self._hand_out(self, batch, parts, seconds)
        return True

    def join(self, timeout: float) -> None:
        """Wait until the threads have ended, `timeout` seconds at most."""
        until = time.monotonic() + timeout
        for thread in self._threads:
            if thread.is_alive() and thread is not threading.current_thread():
                thread.join(max(until - time.monotonic(), 0))

    def _run_all(self) -> None:
        step_back()
        while self.step(pass_on=True):
            pass
        self._done.put(None)

    def _finish_all(self) -> None:
        left = self.runners
        while left:
            if (done := self._done.get()) is None:
                left -= 1
            else:
                self._hand_out(self, *done)
            del done  # hidden states are not kept until the next batch

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException:
            logger.exception("A worker of the engine died.")
            with contextlib.suppress(queue.Full):
                self._done.put_nowait(None)  # the finisher goes home too
            self._on_death(self)


def step_back() -> None:
    """Let the threads that read requests go before this one: they need little, and nothing comes while they wait."""
    with contextlib.suppress(OSError, AttributeError):  # a system without priorities of threads
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)

"""One text on its way through the engine."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import time
from collections.abc import Collection
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

__all__ = ["Logits", "Sequence", "Status", "wait_for_all"]

Logits = NDArray[np.float32]


class Status(enum.Enum):
    WAITING = enum.auto()
    RUNNING = enum.auto()
    FINISHED = enum.auto()
    FAILED = enum.auto()
    CANCELLED = enum.auto()


class Sequence:
    """The token ids of one text, and the future of its logits `[labels]`.

    The future is the only state: the status is read from it. `arrived`, `started` and `finished` are seconds of
    `time.monotonic`; all texts of a batch share the last two.
    """

    __slots__ = ("arrived", "finished", "future", "ids", "started", "truncated")

    def __init__(self, ids: list[int], *, truncated: bool = False) -> None:
        self.ids, self.truncated = ids, truncated
        self.arrived = time.monotonic()
        self.started = self.finished = 0.0
        self.future: Future[Logits] = Future()

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def status(self) -> Status:
        if self.future.cancelled():
            return Status.CANCELLED
        if self.future.running():
            return Status.RUNNING
        if not self.future.done():
            return Status.WAITING
        return Status.FAILED if self.future.exception() else Status.FINISHED

    def start(self, now: float) -> None:
        """From waiting to running."""
        self.future.set_running_or_notify_cancel()
        self.started = now

    def finish(self, outcome: Logits | Exception, now: float) -> None:
        """From running to finished, or to failed if the outcome is an error."""
        self.finished = now
        if isinstance(outcome, Exception):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)

    def cancel(self) -> bool:
        """From waiting to cancelled; False, and nothing happens, from any other status."""
        return self.status is Status.WAITING and self.future.cancel()


async def wait_for_all(sequences: Collection[Sequence]) -> None:
    """Return when every sequence is finished, failed or cancelled. The event loop is woken once, not once per text."""
    loop = asyncio.get_running_loop()
    all_done = loop.create_future()
    others = iter(range(len(sequences) - 1, -1, -1))  # next() is atomic: callbacks come from several threads

    def set_done() -> None:
        if not all_done.done():
            all_done.set_result(None)

    def count(_: Future[Logits]) -> None:
        if next(others) == 0:
            with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
                loop.call_soon_threadsafe(set_done)

    for sequence in sequences:
        sequence.future.add_done_callback(count)
    if sequences:
        await all_done

"""One text on its way through the engine, as its caller sees it."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import enum
import threading
from collections.abc import Collection, Iterator
from concurrent.futures import Future, InvalidStateError

import numpy as np
from numpy.typing import NDArray

from dragoman.errors import DragomanError

__all__ = ["Output", "Sequence", "Status", "wait_for_all", "waking_together"]

Output = NDArray[np.float32]


class Status(enum.Enum):
    WAITING = enum.auto()
    RUNNING = enum.auto()
    FINISHED = enum.auto()
    FAILED = enum.auto()
    CANCELLED = enum.auto()


class Sequence:
    """The future of what a readout says of one text of `len(sequence)` tokens.

    The future is the only state: the status is read from it. `arrived`, `started` and `finished` are seconds of the
    engine's clock; texts of one batch share the last two. `compute` is its share of the session's seconds, by tokens;
    those who asked for the same share that, and what was in the cache has 0. `deadline` is on the same clock; None: any
    time will do.
    """

    __slots__ = ("arrived", "batch", "compute", "deadline", "finished", "future", "started", "tokens")

    def __init__(self, tokens: int, *, arrived: float, deadline: float | None = None) -> None:
        self.tokens, self.arrived, self.deadline = tokens, arrived, deadline
        self.started = self.finished = self.compute = 0.0
        self.batch = (0, 0)  # texts and tokens of the batch that held it
        self.future: Future[Output] = Future()

    def __len__(self) -> int:
        return self.tokens

    @property
    def status(self) -> Status:
        if self.future.cancelled():
            return Status.CANCELLED
        if self.future.running():
            return Status.RUNNING
        if not self.future.done():
            return Status.WAITING
        return Status.FAILED if self.future.exception() else Status.FINISHED

    def start(self, now: float) -> bool:
        """From waiting to running; False if it was cancelled meanwhile."""
        self.started = now
        return self.future.set_running_or_notify_cancel()

    def finish(self, outcome: Output | Exception, now: float) -> None:
        """To finished, or to failed if the outcome is an error. Nothing happens to what was cancelled."""
        self.started, self.finished = self.started or now, now
        with contextlib.suppress(InvalidStateError):
            if isinstance(outcome, Exception):
                self.future.set_exception(own_copy(outcome))
            else:
                self.future.set_result(outcome)

    def cancel(self) -> bool:
        """From waiting to cancelled; False, and nothing happens, from running and finished."""
        return self.future.cancel()


async def wait_for_all(sequences: Collection[Sequence]) -> None:
    """Return when every sequence is finished, failed or cancelled. The event loop is woken once, not once per text."""
    running = [sequence for sequence in sequences if not sequence.future.done()]
    if not running:
        return
    loop = asyncio.get_running_loop()
    all_done = loop.create_future()
    others = iter(range(len(running) - 1, -1, -1))  # next() is atomic: callbacks come from several threads

    def count(_: Future[Output]) -> None:
        if next(others) == 0:
            wake(loop, all_done)

    for sequence in running:
        sequence.future.add_done_callback(count)
    await all_done


# Waking -------------------------------------------------------------------------------------------------------------

Waiting = asyncio.Future[None]
Postbox = dict[asyncio.AbstractEventLoop, list[Waiting]]


class Post(threading.local):
    """What a thread that finishes many sequences at once keeps until it has finished the last of them."""

    box: Postbox | None = None


POST = Post()


@contextlib.contextmanager
def waking_together() -> Iterator[None]:
    """Wake each event loop once for all sequences that are finished in the block, at its end.

    Waking a loop lets go of the interpreter lock. Woken after each sequence, the loop would take it again and again
    from the thread that still has the others to finish, and that runs the next batch.
    """
    box: Postbox = {}
    POST.box = box
    try:
        yield
    finally:
        POST.box = None
        for loop, waiting in box.items():
            call_on(loop, waiting)


def wake(loop: asyncio.AbstractEventLoop, waiting: Waiting) -> None:
    if POST.box is None:
        call_on(loop, [waiting])
    else:
        POST.box.setdefault(loop, []).append(waiting)


def call_on(loop: asyncio.AbstractEventLoop, waiting: list[Waiting]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
        loop.call_soon_threadsafe(set_done, waiting)


def set_done(waiting: list[Waiting]) -> None:
    for one in waiting:
        if not one.done():
            one.set_result(None)


def own_copy(error: Exception) -> Exception:
    """Raising an error adds to its traceback, so everybody gets one of their own; others' kinds may refuse copying."""
    return copy.copy(error) if isinstance(error, DragomanError) else error

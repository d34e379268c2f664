"""What became of rows: they wait, are on the disk, or were shed."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Literal

__all__ = ["Fate", "Ticket"]

Fate = Literal["waiting", "durable", "shed"]


class Ticket:
    """Stands for rows that go to the disk together: many callers may hold the same one.

    To ask for them makes haste: the writer then waits for no more rows. Safe to use from any thread and event loop.
    """

    def __init__(self, hasten: Callable[[], None] = lambda: None, *, fate: Fate = "waiting") -> None:
        self.fate = fate
        self._hasten = hasten
        self._lock = threading.Lock()
        self._settled = threading.Event()
        self._futures: list[asyncio.Future[None]] = []
        if fate != "waiting":
            self._settled.set()

    def wait(self, timeout: float | None = None) -> Fate:
        """What became of the rows; "waiting" if that is open after `timeout` seconds."""
        if self.fate == "waiting":
            self._hasten()
            self._settled.wait(timeout)
        return self.fate

    async def durable(self) -> bool:
        """Whether the rows are synced to the disk; False: they were shed."""
        future = self._watch()
        if future is not None:
            self._hasten()
            await future
        return self.fate == "durable"

    def settle(self, fate: Fate) -> None:
        """Tell everybody who waits."""
        with self._lock:
            self.fate, futures, self._futures = fate, self._futures, []
        self._settled.set()
        for loop in {future.get_loop() for future in futures}:
            mine = [future for future in futures if future.get_loop() is loop]
            with contextlib.suppress(RuntimeError):  # a loop that has been closed has nobody waiting
                loop.call_soon_threadsafe(_resolve, mine)

    def _watch(self) -> asyncio.Future[None] | None:
        """A future for when the rows are settled; None if they are."""
        with self._lock:
            if self.fate != "waiting":
                return None
            future = asyncio.get_running_loop().create_future()
            self._futures.append(future)
            return future


def _resolve(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)

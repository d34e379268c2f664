"""Noticing that a client does not wait any more."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

__all__ = ["while_connected"]

T = TypeVar("T")

UNWATCHED_SECONDS = 0.02  # most answers take less: they are not worth a task that watches the client


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`. When the client goes, `work` is cancelled to its end and `ClientDisconnect` is raised.

    The body must have been read.
    """
    watch = Watch(request)
    try:
        return await work
    except asyncio.CancelledError:
        if not watch.has_left:
            raise
        watch.task.uncancel()
        raise ClientDisconnect from None
    finally:
        watch.stop()


class Watch:
    """Cancels the task that made it when the client of its request goes."""

    def __init__(self, request: Request) -> None:
        task = asyncio.current_task()
        assert task is not None  # requests are handled by tasks
        self.request, self.task, self.has_left = request, task, False
        self._watcher: asyncio.Task[None] | None = None
        self._start = asyncio.get_running_loop().call_later(UNWATCHED_SECONDS, self._watch)

    def stop(self) -> None:
        self._start.cancel()
        if self._watcher is not None:
            self._watcher.cancel()

    def _watch(self) -> None:
        self._watcher = asyncio.ensure_future(self._wait())

    async def _wait(self) -> None:
        while (await self.request.receive())["type"] != "http.disconnect":
            pass
        self.has_left = True
        self.task.cancel()

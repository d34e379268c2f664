"""How far the event loop is behind: what the queue of the engine cannot know of."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from dragoman.errors import Overloaded

__all__ = ["Rounds"]

LONGEST_ROUND = 0.4  # seconds
PAUSE = 0.2  # seconds in which requests are refused unread


class Rounds:
    """The rounds of the event loop. Of the requests that are handled in one, the last have waited for all before them.

    Requests are read and tokenised on the loop. When more come than that takes, they would wait in front of the loop,
    unseen by the queue and its bounds. So a round that lasts too long refuses the rest of its requests, and for a while
    those that come are refused unread, until the loop has caught up. Belongs to one loop.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._began: float | None = None
        self._closed_until = 0.0

    def admit(self) -> None:
        """Call when a request comes, before it is read. Raises `Overloaded` while the loop catches up."""
        if self.clock() < self._closed_until:
            raise _overloaded()

    def check(self) -> None:
        """Call when a request is handled. Raises `Overloaded` when its round lasts too long already."""
        now = self.clock()
        if self._began is None:
            self._began = now
            asyncio.get_running_loop().call_soon(self._end)
        elif now - self._began > LONGEST_ROUND:
            self._closed_until = now + PAUSE
            raise _overloaded()

    def _end(self) -> None:
        self._began = None


def _overloaded() -> Overloaded:
    return Overloaded("More requests come than the server can read.", help="send it again later.")

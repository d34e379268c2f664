"""How far the event loop is behind: what the queue of the engine cannot know of."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from dragoman.errors import Overloaded

__all__ = ["Rounds"]

LONGEST_ROUND = 0.2  # seconds


class Rounds:
    """The rounds of the event loop. Of the requests that are handled in one, the last have waited for all before them.

    Requests are read and tokenised on the loop. When more come than that takes, they would wait in front of the loop,
    unseen by the queue and its bounds; so a round that lasts too long refuses the rest of its requests, which is quick,
    and the next one begins without them. Belongs to one loop.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._began: float | None = None

    def check(self) -> None:
        """Call at the start of a request. Raises `Overloaded` when its round lasts too long already."""
        now = self.clock()
        if self._began is None:
            self._began = now
            asyncio.get_running_loop().call_soon(self._end)
        elif now - self._began > LONGEST_ROUND:
            raise Overloaded("More requests come than the server can read.", help="send it again later.")

    def _end(self) -> None:
        self._began = None

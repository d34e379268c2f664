"""How much of a session the next batch gets. Decisions only: no thread, no lock; the time is passed in."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Halves", "Part"]

LEAST_TOKENS = 96  # below this, all threads share a text's work rather than each having texts of its own
FIRST_SHARE = 2 / 3  # of what waits, where it is divided: halves that end together would have nothing to take
PATIENCE = 2  # a small batch waits for the other half's end if that is nearer than so many worthwhile batches


class Part(NamedTuple):
    """What a batch runs on: one half of a session's threads, or all of them."""

    half: int | None = None
    most: int | None = None  # tokens that the batch may have; None: as many as the budget allows

    @property
    def share(self) -> float:
        """Of the session's threads."""
        return 1.0 if self.half is None else 0.5


class Halves:
    """Lets two batches run at once where there is enough for two, each on half of a session's threads.

    A batch on all threads is over when the last of them has done its share. Where the threads that read requests take
    turns with them on the same cores, the others wait at every end for the one that was held up. Two batches on halves
    wait for nothing of each other. But every batch reads all weights, so it must be worth it: below that size all
    threads share one batch, which is also what a single text gets.
    """

    def __init__(self, halves: int = 1) -> None:
        self.halves = halves
        self._ends: dict[int | None, float] = {}  # what runs: half → expected end

    def choose(self, waiting: int, worthwhile: int, seconds: float, now: float) -> Part | None:
        """What the next batch of `waiting` tokens gets; None: it waits for the end of what runs.

        `worthwhile` tokens are enough for a batch of their own, which takes `seconds` on all threads.
        """
        if not self._ends:
            is_enough = self.halves > 1 and waiting >= 2 * min(worthwhile, LEAST_TOKENS)
            return Part(0, round(waiting * FIRST_SHARE)) if is_enough else Part()
        if self.halves == 1 or None in self._ends or len(self._ends) == self.halves:
            return None
        ((other, end),) = self._ends.items()
        takes_long = end - now > PATIENCE * seconds / Part(other).share
        return Part(1 - (other or 0)) if waiting >= worthwhile or takes_long else None

    def begins(self, part: Part, end: float) -> None:
        """A batch runs, expectedly until `end`."""
        self._ends[part.half] = end

    def over(self, part: Part) -> None:
        """Its part is free again."""
        self._ends.pop(part.half, None)

    def left(self, now: float) -> float:
        """Seconds until everything that runs is over, if all threads worked on it."""
        return sum(max(end - now, 0.0) * Part(half).share for half, end in self._ends.items())

"""A queue in which callers get equal shares, whatever each of them sends."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from dragoman.serving.work import Work

__all__ = ["FairQueue"]

LEAST_SWEEP = 64
REMEMBERED = 1_024  # callers with nothing waiting whose share is remembered
SIZES = 64  # classes of callers by the powers of two of their waiting tokens

Entry = tuple[float, int, Work]


class FairQueue:
    """Start-time fair queueing over tokens (Goyal, Vin and Cheng 1997, "Start-time Fair Queueing").

    A text's start tag is the virtual time at which it arrives, or the end of what its caller sent before, if that is
    later; its caller's next text starts `tokens` later. Texts leave by their start tags. So the texts of one caller
    stay in order, and a caller with nothing waiting comes before all but one text of each other caller. Adding,
    removing and taking are O(log n), amortised: what is removed stays in the heap as a stale entry until it comes up,
    or until stale entries are the half.

    `orders` gives each place a number of its own; queues between which texts move share it.
    """

    def __init__(self, orders: Iterator[int]) -> None:
        self.tokens = 0
        self._heap: list[Entry] = []
        self._orders = orders
        self._virtual = 0.0
        self._ends: dict[str, float] = {}  # by caller: the start tag of the text after the last one
        self._waiting: dict[str, int] = {}  # by caller: tokens
        self._callers = [0] * SIZES  # by size: callers with 2^(size-1) to 2^size - 1 waiting tokens
        self._sizes = [0] * SIZES  # by size: their tokens
        self._works = 0
        self._next_sweep = LEAST_SWEEP

    def __len__(self) -> int:
        return self._works

    def push(self, work: Work, caller: str) -> None:
        """Take a place for `caller`."""
        start = self._start_of(caller)
        self._ends[caller] = start + len(work)
        work.caller, work.start, work.order = caller, start, next(self._orders)
        self.put_back(work)
        self._sweep()

    def offer(self, work: Work, caller: str) -> None:
        """Another caller asks for a waiting text: it moves to this caller's place where that is earlier."""
        if self._start_of(caller) < work.start:
            self.remove(work)
            self.push(work, caller)

    def pop(self) -> Work | None:
        """Take out the first one; None if there is none."""
        while self._heap:
            _, order, work = heapq.heappop(self._heap)
            if work.order == order:
                self._leave(work)
                return work
        return None

    def put_back(self, work: Work) -> None:
        """What `pop` gave, to the same place."""
        heapq.heappush(self._heap, (work.start, work.order, work))
        self._works += 1
        self._count(work.caller, len(work))

    def serve(self, work: Work) -> None:
        """What `pop` gave runs: time goes on."""
        self._virtual = max(self._virtual, work.start)
        if not self._works:
            self._forget()

    def remove(self, work: Work) -> None:
        """Take out a waiting one from wherever it is. Its caller gets its share back."""
        work.order = 0
        self._leave(work)
        if work.caller in self._ends:
            self._ends[work.caller] -= len(work)

    def ahead(self, caller: str, tokens: int) -> int:
        """Tokens that run before a request of `caller` is done, itself included, if nobody else comes.

        While the request waits, each other caller gets at most as much as this one. A lower bound, within a factor of
        two where callers have about as much waiting as this one.
        """
        own = self._waiting.get(caller, 0)
        share, size = own + tokens, own.bit_length()
        total = share
        for number in range(1, SIZES):
            is_mine = number == size and own > 0
            callers = self._callers[number] - is_mine
            if callers:
                waiting = self._sizes[number] - (own if is_mine else 0)
                total += waiting if 1 << number <= share else callers * min(1 << (number - 1), share)
        return total

    def _start_of(self, caller: str) -> float:
        return max(self._virtual, self._ends.get(caller, 0.0))

    def _leave(self, work: Work) -> None:
        self._works -= 1
        self._count(work.caller, -len(work))

    def _count(self, caller: str, change: int) -> None:
        before = self._waiting.get(caller, 0)
        after = before + change
        self.tokens += change
        for tokens, sign in ((before, -1), (after, 1)):
            if tokens:
                self._callers[tokens.bit_length()] += sign
                self._sizes[tokens.bit_length()] += sign * tokens
        if after:
            self._waiting[caller] = after
        else:
            del self._waiting[caller]

    def _sweep(self) -> None:
        """Drop what no longer matters once it is as much as what does."""
        if len(self._heap) + len(self._ends) < self._next_sweep:
            return
        self._heap = [entry for entry in self._heap if entry[2].order == entry[1]]
        heapq.heapify(self._heap)
        gone = {
            caller: end for caller, end in self._ends.items() if end > self._virtual and caller not in self._waiting
        }
        remembered = heapq.nlargest(REMEMBERED, gone.items(), key=lambda item: item[1])  # who got the most ahead
        self._ends = {caller: self._start_of(caller) for caller in self._waiting} | dict(remembered)
        self._next_sweep = max(LEAST_SWEEP, 2 * (len(self._heap) + len(self._ends)))

    def _forget(self) -> None:
        """Nothing waits: a new day."""
        self._heap.clear()
        self._ends.clear()
        self._virtual, self._next_sweep = 0.0, LEAST_SWEEP

"""Which texts run together next. Decisions only: no tensor, no thread, no lock."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Collection, Iterable

from dragoman.errors import Overloaded
from dragoman.serving.sequence import Logits, Sequence

__all__ = ["Scheduler"]

LOOK_AHEAD = 512  # texts among which the oldest one finds company of its own length
GRID_SLACK = 2  # attention's grid [texts, longest] may have this many times the cells that the texts fill
SMALL_GRID = 4  # a grid of up to 1/4 of the token budget may be emptier: one pass costs less than two
LONGEST_RETRY_SECONDS = 60


class Scheduler:
    """A queue with two budgets: the tokens of one batch, and the tokens that may wait.

    Every batch holds the oldest waiting text, so a text with `n` others before it waits for at most `n` batches.
    """

    def __init__(self, *, max_batch_tokens: int, max_queue_tokens: int) -> None:
        self.max_batch_tokens, self.max_queue_tokens = max_batch_tokens, max_queue_tokens
        self.waiting_tokens = 0
        self.tokens_per_second = 0.0  # of recent batches
        self._waiting: deque[Sequence] = deque()

    def can_add(self, tokens: int) -> bool:
        """Whether a request of so many tokens fits; one larger than the whole queue fits when nothing waits."""
        return not self.waiting_tokens or self.waiting_tokens + tokens <= self.max_queue_tokens

    def add(self, sequences: Collection[Sequence]) -> None:
        """Queue the texts of one request, all or none. Raises `Overloaded`."""
        tokens = sum(map(len, sequences))
        if not self.can_add(tokens):
            raise self._overloaded(tokens)
        self._waiting.extend(sequences)
        self.waiting_tokens += tokens

    def cancel(self, sequences: Iterable[Sequence]) -> None:
        """Give up those that still wait; the others are let finish."""
        self.waiting_tokens -= sum(len(sequence) for sequence in sequences if sequence.cancel())

    def next_batch(self) -> list[Sequence]:
        """The oldest waiting text and those that share its pass, now running; empty when nothing waits."""
        window = self._next_in_line(LOOK_AHEAD)
        batch = self._company_of_oldest(window) if window else []
        self._start(batch)
        chosen = set(batch)
        self._waiting.extendleft(one for one in reversed(window) if one not in chosen)
        return batch

    def finish(self, batch: list[Sequence], outcomes: Iterable[Logits | Exception]) -> None:
        """Hand each running text its logits or its error."""
        now = time.monotonic()
        self._measure(batch, now)
        for sequence, outcome in zip(batch, outcomes, strict=True):
            sequence.finish(outcome, now)

    def remove_all(self) -> list[Sequence]:
        """Empty the queue: everything that waited, now running, for the caller to finish."""
        removed = self._next_in_line(len(self._waiting))
        self._start(removed)
        return removed

    def _next_in_line(self, count: int) -> list[Sequence]:
        found: list[Sequence] = []
        while self._waiting and len(found) < count:
            sequence = self._waiting.popleft()
            if not sequence.future.cancelled():
                found.append(sequence)
        return found

    def _company_of_oldest(self, window: list[Sequence]) -> list[Sequence]:
        oldest, *others = window
        batch, tokens, longest = [oldest], len(oldest), len(oldest)
        for one in sorted(others, key=lambda other: abs(len(other) - len(oldest))):
            total, widest = tokens + len(one), max(longest, len(one))
            if total <= self.max_batch_tokens and self._is_worth((len(batch) + 1) * widest, total):
                batch.append(one)
                tokens, longest = total, widest
        return batch

    def _is_worth(self, cells: int, tokens: int) -> bool:
        return cells <= max(GRID_SLACK * tokens, self.max_batch_tokens // SMALL_GRID)

    def _start(self, sequences: list[Sequence]) -> None:
        now = time.monotonic()
        for sequence in sequences:
            sequence.start(now)
            self.waiting_tokens -= len(sequence)

    def _measure(self, batch: list[Sequence], now: float) -> None:
        if batch and now > batch[0].started:
            speed = sum(map(len, batch)) / (now - batch[0].started)
            self.tokens_per_second += (speed - self.tokens_per_second) / (5 if self.tokens_per_second else 1)

    def _overloaded(self, tokens: int) -> Overloaded:
        error = Overloaded(
            f"{self.waiting_tokens} tokens wait and the request has {tokens}; the queue holds {self.max_queue_tokens}.",
            help="send it again later, with fewer texts at once, or raise serving.max_queue_tokens.",
        )
        seconds = self.waiting_tokens / self.tokens_per_second if self.tokens_per_second else 1.0
        error.retry_after = min(max(math.ceil(seconds), 1), LONGEST_RETRY_SECONDS)
        return error

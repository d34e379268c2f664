"""How long a batch takes, learnt from the batches that ran."""

from __future__ import annotations

import math

__all__ = ["Pace"]

MEMORY = 1 / 64  # weight of the newest batch: about the last 64 count
LEAST_BATCHES = 8  # before these the two parts of the time are not told apart
LEAST_SPREAD = 0.3  # nor anew while the sizes of batches differ by less than this share of their mean
WORST_SURPRISE = 4  # a batch counts as at most so many times as slow as expected
FIXED_SHARE = 32  # a batch is large enough when its fixed part is below 1/32 of its time
SMALLEST_BATCH = 256
WORTHWHILE_SHARE = 4  # a batch is worth its fixed part when that is below 1/4 of its time


class Pace:
    """`seconds = per_token · tokens + fixed`, by least squares with exponential forgetting.

    Until a batch ran, everything is expected to take no time: nobody is refused for a guess.
    """

    def __init__(self) -> None:
        self.per_token = self.fixed = 0.0
        self.batches = 0
        self._can_tell = False
        self._weight = self._n = self._t = self._nn = self._nt = 0.0  # weighted sums; n: tokens, t: seconds

    def add(self, tokens: int, seconds: float) -> None:
        """Learn from a batch."""
        if self.batches >= LEAST_BATCHES:
            seconds = min(seconds, WORST_SURPRISE * self.seconds(tokens))
        keep = 1 - MEMORY
        self._weight = keep * self._weight + 1
        self._n, self._t = keep * self._n + tokens, keep * self._t + seconds
        self._nn, self._nt = keep * self._nn + tokens * tokens, keep * self._nt + tokens * seconds
        self.batches += 1
        self._fit()

    def seconds(self, tokens: int) -> float:
        """What one batch of so many tokens takes."""
        return self.per_token * tokens + self.fixed

    def seconds_in_batches(self, tokens: int, size: int) -> float:
        """What so many tokens take in batches of `size`."""
        return self.seconds(tokens) if tokens <= size else self.seconds(size) * tokens / size

    def batch_size(self, most: int) -> int:
        """The fewest tokens that keep a session efficient, at most `most`.

        Where every batch costs something beside its tokens (weights read from memory, kernels launched), larger ones
        are cheaper per token; past the size where that part is 1/32 of the time they only make everybody wait longer.
        While the two parts cannot be told apart, `most`.
        """
        if not self._can_tell or self.per_token <= 0:
            return most
        return min(max(math.ceil((FIXED_SHARE - 1) * self.fixed / self.per_token), SMALLEST_BATCH), most)

    def worthwhile(self) -> int:
        """Tokens that are worth a batch of their own beside another one, at most `SMALLEST_BATCH`."""
        if not self._can_tell or self.per_token <= 0:
            return SMALLEST_BATCH
        return min(max(math.ceil((WORTHWHILE_SHARE - 1) * self.fixed / self.per_token), 1), SMALLEST_BATCH)

    def _fit(self) -> None:
        tokens, seconds = self._n / self._weight, self._t / self._weight
        variance = self._nn / self._weight - tokens * tokens
        if self.batches >= LEAST_BATCHES and variance > (LEAST_SPREAD * tokens) ** 2:
            slope = (self._nt / self._weight - tokens * seconds) / variance
            self.fixed = min(max(seconds - slope * tokens, 0.0), seconds)
            self._can_tell = True
        self.fixed = min(self.fixed, seconds)
        self.per_token = (seconds - self.fixed) / tokens

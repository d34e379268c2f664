"""Times in buckets that grow by a tenth: any quantile to within 5%, and exact to add."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["BUCKETS", "LatencyHistogram"]

GROWTH = 1.1  # a quantile is off by at most (GROWTH - 1) / (GROWTH + 1), which is 4.8%
LEAST = 1e-5  # seconds; what is shorter counts in the first bucket
BUCKETS = 196  # the last one begins at 1,070 seconds
LOG_GROWTH = math.log(GROWTH)


class LatencyHistogram:
    """Counts `[196]` of times in seconds. The idea is DDSketch's (Masson, Rim and Lee 2019), with fixed buckets.

    Bucket 0 ends at 10 microseconds; bucket i holds times from `LEAST * GROWTH ** (i - 1)` on.
    """

    __slots__ = ("counts",)

    def __init__(self, counts: NDArray[np.int64] | None = None) -> None:
        self.counts = np.zeros(BUCKETS, dtype=np.int64) if counts is None else counts

    def add(self, seconds: float) -> None:
        self.counts[bucket_of(seconds)] += 1

    def merge(self, other: LatencyHistogram) -> None:
        self.counts += other.counts

    @property
    def n(self) -> int:
        return int(self.counts.sum())

    def quantile(self, share: float) -> float | None:
        """Seconds that this share of the times does not exceed, to within 5%; None where nothing was counted."""
        if not (n := self.n):
            return None
        rank = max(1, math.ceil(share * n))
        return middle_of(int(np.searchsorted(np.cumsum(self.counts), rank)))


def bucket_of(seconds: float) -> int:
    if not seconds > LEAST:  # also not a number
        return 0
    if seconds == math.inf:
        return BUCKETS - 1
    return min(BUCKETS - 1, 1 + math.floor(math.log(seconds / LEAST) / LOG_GROWTH))


def middle_of(bucket: int) -> float:
    """The time whose relative distance to both ends of the bucket is the same."""
    if bucket == 0:
        return LEAST
    low = LEAST * GROWTH ** (bucket - 1)
    return 2.0 * low * GROWTH / (1.0 + GROWTH)

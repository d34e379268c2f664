"""Sums and greatest ranks at points, of events that count over a range of points each.

An event that counts from its `firsts` up to, not including, its `lasts` changes a sum at two points only; all sums
follow from one pass over the points. A greatest value has no inverse, but does not mind to be told twice: a
range is covered by two blocks whose length is a power of two, and the blocks hand what they know to their halves
(a sparse table, filled from above).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.features.offline.points import Ints

__all__ = ["Ranges", "add_over", "best_over"]

NOTHING = -1


class Ranges(NamedTuple):
    """Where events count: from `firsts` up to, not including, `lasts`, of `size` points. No range is empty."""

    firsts: Ints  # [events]
    lasts: Ints  # [events]
    size: int

    def of(self, chosen: NDArray[np.bool_] | Ints) -> Ranges:
        """The ranges of some events."""
        return Ranges(self.firsts[chosen], self.lasts[chosen], self.size)


def add_over(ranges: Ranges, amounts: Ints | int = 1) -> Ints:
    """The sum at each point of the amounts that count there."""
    changes = np.zeros(ranges.size + 1, dtype=np.int64)
    np.add.at(changes, ranges.firsts, amounts)
    np.subtract.at(changes, ranges.lasts, amounts)
    return np.cumsum(changes[:-1])


def best_over(ranges: Ranges, ranks: Ints) -> Ints:
    """The greatest rank at each point of those that count there; -1 where none does. Ranks are 0 or more."""
    levels, size = _levels_of(ranges.lasts - ranges.firsts), ranges.size
    height = int(levels.max(initial=0))
    table = np.full((height + 1, size), NOTHING, dtype=np.int64)
    np.maximum.at(table.reshape(-1), levels * size + ranges.firsts, ranks)
    np.maximum.at(table.reshape(-1), levels * size + ranges.lasts - (1 << levels), ranks)
    for level in range(height, 0, -1):
        half, above, below = 1 << (level - 1), table[level], table[level - 1]
        np.maximum(below, above, out=below)
        np.maximum(below[half:], above[:-half], out=below[half:])
    best: Ints = table[0]
    return best


def _levels_of(lengths: Ints) -> Ints:
    """The exponent of the greatest power of two in each length."""
    exponents: NDArray[np.int32] = np.frexp(lengths.astype(np.float64))[1]
    return exponents.astype(np.int64) - 1

"""Points: the distinct pairs of key and moment for which values are asked, in order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ints", "Points"]

Ints = NDArray[np.int64]
CHUNK = 65_536  # searches at a time: what stays in the cache


class Points(NamedTuple):
    """Keys are codes 0, 1, 2 and so on; points are sorted by code, then by moment."""

    starts: Ints  # [keys + 1] the first point of each key, and how many points there are
    moments: Ints  # [points]

    @classmethod
    def of(cls, codes: Ints, moments: Ints, *, keys: int) -> tuple[Points, Ints]:
        """The points of some rows, and the number of each row's point."""
        order = np.lexsort((moments, codes))
        codes, moments = codes[order], moments[order]
        is_new = np.ones(len(order), dtype=np.bool_)
        is_new[1:] = (codes[1:] != codes[:-1]) | (moments[1:] != moments[:-1])
        numbers = np.empty_like(order)
        numbers[order] = np.cumsum(is_new) - 1
        return cls(np.searchsorted(codes[is_new], np.arange(keys + 1)), moments[is_new]), numbers

    @property
    def size(self) -> int:
        return len(self.moments)

    def of_keys(self, first: int, last: int) -> Points:
        """The points of the keys from `first` up to, not including, `last`; their codes begin with 0."""
        starts = self.starts[first : last + 1]
        return Points(starts - starts[0], self.moments[starts[0] : starts[-1]])

    def first_since(self, codes: Ints, moments: Ints) -> Ints:
        """The first point of each key at or after a moment; the first one of the next key if there is none."""
        found = np.empty_like(codes)
        for start in range(0, len(codes), CHUNK):
            chunk = slice(start, start + CHUNK)
            found[chunk] = self._bisected(self.starts[codes[chunk]], self.starts[codes[chunk] + 1], moments[chunk])
        return found

    def first_after(self, codes: Ints) -> Ints:
        """The first point after those of each key."""
        return self.starts[codes + 1]

    def _bisected(self, low: Ints, high: Ints, moments: Ints) -> Ints:
        """All searches at once: after each step half of every range is left."""
        steps = int((high - low).max(initial=0)).bit_length()
        for _ in range(steps):
            middle = (low + high) >> 1
            is_open = low < high
            is_before = is_open & (self.moments[np.where(is_open, middle, 0)] < moments)
            high = np.where(is_before, high, middle)
            low = np.where(is_before, middle + 1, low)
        return low

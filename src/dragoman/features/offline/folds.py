"""Aggregates at points: from the events that count to one value at every point, null where there is none."""

from __future__ import annotations

from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dragoman.features.expressions import Kind
from dragoman.features.expressions.exact import Exact, std_of
from dragoman.features.offline.events import Part
from dragoman.features.offline.exact import Floats, Totals, squares_over, sums_over
from dragoman.features.offline.points import Ints
from dragoman.features.offline.ranges import Ranges, add_over, best_over

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["Folds"]

LARGE = 2.0**62  # from here on a sum of integers is looked at one by one
LEAST, MOST = -(2**63), 2**63 - 1


class Folds:
    """The aggregates of one part of the events."""

    def __init__(self, part: Part) -> None:
        self.part = part

    def fold(self, kind: Kind) -> pa.Array:
        """The aggregate at each point."""
        folds = {
            "count": self._count,
            "sum": self._sum,
            "mean": self._mean,
            "std": self._std,
            "min": lambda: self._picked(self._reversed(self._places)),
            "max": lambda: self._picked(self._places),
            "first": lambda: self._picked(self._reversed(self.part.ranks)),
            "last": lambda: self._picked(self.part.ranks),
            "distinct": self._distinct,
        }
        return folds[kind]()

    # Of numbers -----------------------------------------------------------------------------------------------------

    def _count(self) -> pa.Array:
        import pyarrow as pa  # heavy: serving does without it

        return pa.array(self._counts)

    def _sum(self) -> pa.Array:
        if self._numbers.dtype == np.float64:
            return _finite(self._totals.rounded(), self._counts > 0)
        return _integers(self._totals, self._counts > 0)

    def _mean(self) -> pa.Array:
        return _finite(self._totals.rounded() / np.maximum(self._counts, 1), self._counts > 0)

    def _std(self) -> pa.Array:
        squares, found = squares_over(self.part.ranges, self._numbers), np.zeros(self.part.ranges.size)
        many = np.flatnonzero(self._counts > 1)
        sums = [
            map(Exact, wholes, repeat(shift))
            for wholes, shift in (t.at(many).wholes() for t in (self._totals, squares))
        ]
        spreads = map(std_of, self._counts[many].tolist(), *sums)
        found[many] = [np.nan if spread is None else spread for spread in spreads]
        return _finite(found, self._counts > 0)

    @cached_property
    def _counts(self) -> Ints:
        return add_over(self.part.ranges)

    @cached_property
    def _totals(self) -> Totals:
        return sums_over(self.part.ranges, self._numbers)

    @cached_property
    def _numbers(self) -> Floats | Ints:
        """Booleans count as 0 and 1."""
        values: Floats | Ints = self.part.values.to_numpy(zero_copy_only=False)
        return values if values.dtype == np.float64 else values.astype(np.int64)

    # Of anything ----------------------------------------------------------------------------------------------------

    def _picked(self, ranks: Ints) -> pa.Array:
        """At each point the value of the event with the greatest rank. Ranks are 0 or more, and different."""
        import pyarrow as pa  # heavy: serving does without it

        best = best_over(self.part.ranges, ranks)
        events = np.zeros(int(ranks.max(initial=0)) + 1, dtype=np.int64)
        events[ranks] = np.arange(len(ranks))
        return self.part.values.take(pa.array(events[best], mask=best < 0))

    def _reversed(self, ranks: Ints) -> Ints:
        highest: Ints = ranks.max(initial=0) - ranks
        return highest

    @cached_property
    def _places(self) -> Ints:
        """The place of each value in ascending order, texts by code points; equal ones have the order of rows."""
        import pyarrow.compute as pc  # heavy: serving does without it

        order = pc.sort_indices(self.part.values).to_numpy().astype(np.int64)
        places: Ints = np.empty_like(order)
        places[order] = np.arange(len(order))
        return places

    def _distinct(self) -> pa.Array:
        """Of events with one value, each counts only where none of those before it does."""
        import pyarrow as pa  # heavy: serving does without it
        import pyarrow.compute as pc

        ranges, width = self.part.ranges, self.part.ranges.size + 1
        base = pc.dictionary_encode(self.part.values).indices.to_numpy().astype(np.int64) * width
        order = np.argsort(base + ranges.firsts)
        base, firsts, lasts = base[order], (base + ranges.firsts)[order], (base + ranges.lasts)[order]
        firsts[1:] = np.maximum(firsts[1:], np.maximum.accumulate(lasts)[:-1])
        adds = firsts < lasts
        return pa.array(add_over(Ranges((firsts - base)[adds], (lasts - base)[adds], ranges.size)))


def _finite(values: Floats, known: NDArray[np.bool_]) -> pa.Array:
    import pyarrow as pa  # heavy: serving does without it

    return pa.array(values + 0.0, mask=~(known & np.isfinite(values)))


def _integers(totals: Totals, known: NDArray[np.bool_]) -> pa.Array:
    """Sums as 64 bits; null where they do not fit."""
    import pyarrow as pa  # heavy: serving does without it

    large, fits = np.flatnonzero(np.abs(totals.rounded()) >= LARGE), known.copy()
    wholes, shift = totals.at(large).wholes()
    fits[large] &= np.array([LEAST <= whole >> shift <= MOST for whole in wholes], dtype=np.bool_)
    return pa.array(totals.low_word(), mask=~fits)

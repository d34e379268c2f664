"""Events of some keys as arrays, and the ranges of points over which they count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.features.offline.points import Ints, Points
from dragoman.features.offline.ranges import Ranges

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["EventSlice", "Part"]

FOR_EVER = np.iinfo(np.int64).max


class Part(NamedTuple):
    """Those events that count in an aggregate, and that have a value."""

    rows: Ints  # [events] numbers of the slice's events
    ranges: Ranges
    values: pa.Array  # [events] none of them null
    events: EventSlice

    @property
    def ranks(self) -> Ints:
        """The place of each event among those of the slice, by time, then availability, then row."""
        return self.events.ranks[self.rows]


class EventSlice:
    """The events of some keys, with all points of these keys.

    `codes`, `times`, `available`, `replaced` and `rows` are `[events]`: the key, the moments of the event and of when
    it was known, that from which another version counts instead, and the number of the row in the source. `values` has
    a column for each expression that is aggregated, by name.
    """

    def __init__(
        self,
        points: Points,
        *,
        codes: Ints,
        times: Ints,
        available: Ints,
        replaced: Ints | None,
        rows: Ints,
        values: Mapping[str, pa.Array],
    ) -> None:
        self.points, self.codes, self.times, self.available = points, codes, times, available
        self.replaced, self.rows, self.values = replaced, rows, values

    def parts(self, asked: Iterable[tuple[str, int | None]]) -> Iterator[tuple[tuple[str, int | None], Part]]:
        """For each value and window (in microseconds), the events that count anywhere and have the value.

        Those of one window stand together: what was computed for it is dropped before the next one.
        """
        windows: dict[int | None, dict[str, None]] = {}
        for value, window in asked:
            windows.setdefault(window, {})[value] = None
        for window, values in windows.items():
            lasts = self._lasts(window)
            for value in values:
                yield (value, window), self._part(value, lasts)

    @cached_property
    def ranks(self) -> Ints:
        """The place of each event in the order of time, then availability, then row."""
        order = np.argsort(self.times)
        times = self.times[order]
        is_tied = np.zeros(len(order), dtype=np.bool_)
        is_tied[1:] = times[1:] == times[:-1]
        is_tied[:-1] |= is_tied[1:]
        tied = order[is_tied]
        order[is_tied] = tied[np.lexsort((self.rows[tied], self.available[tied], self.times[tied]))]
        ranks = np.empty_like(order)
        ranks[order] = np.arange(len(order))
        return ranks

    @cached_property
    def _firsts(self) -> Ints:
        return self.points.first_since(self.codes, np.maximum(self.times, self.available))

    def _part(self, value: str, lasts: Ints) -> Part:
        import pyarrow as pa  # heavy: serving does without it

        column = self.values[value]
        counts: NDArray[np.bool_] = self._firsts < lasts
        if column.null_count:
            counts &= column.is_valid().to_numpy(zero_copy_only=False)
        rows = np.flatnonzero(counts)
        values = column if len(rows) == len(column) else column.take(pa.array(rows))
        return Part(rows, Ranges(self._firsts[rows], lasts[rows], self.points.size), values, self)

    def _lasts(self, window: int | None) -> Ints:
        if window is None and self.replaced is None:
            return self.points.first_after(self.codes)
        ends = np.full_like(self.times, FOR_EVER) if window is None else self.times + window
        return self.points.first_since(self.codes, ends if self.replaced is None else np.minimum(ends, self.replaced))

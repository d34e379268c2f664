"""What has moved: the part of a signal's range that says it best, in numbers and in words."""

from __future__ import annotations

from typing import NamedTuple

from dragoman.monitoring.drift.grid import MIX, Grid, Ints
from dragoman.profiles import Layout

__all__ = ["Moved", "find_moved"]


class Moved(NamedTuple):
    """A part of a signal's range, and how many of the texts that have the signal are there."""

    part: int  # that was tested: this one, or the rest
    bins: slice  # in the vector of all
    whole: slice  # the bins of the histogram
    what: str  # "tokens 35 to 48"
    hits: int
    texts: int
    before_hits: int
    before_texts: int

    @property
    def after(self) -> float:
        return self.hits / max(self.texts, 1)

    @property
    def before(self) -> float:
        return self.before_hits / max(self.before_texts, 1)

    @property
    def size(self) -> float:
        return abs(self.after - self.before)


def find_moved(grid: Grid, part: int, window: Ints, reference: Ints) -> Moved:
    """The part in counts `[bins]`.

    Of what is below a bound and what is not, the one with more texts than before; of what is missing and what is not,
    always what is missing.
    """
    parts = grid.parts
    histogram = int(parts.histogram[part])
    whole = slice(int(parts.first[histogram]), int(parts.first[histogram + 1]))
    bins = slice(int(parts.start[part]), int(parts.stop[part]))
    moved = _counted(part, bins, whole, window, reference)
    layout = grid.layouts[histogram]
    is_bound = bins.start == whole.start and not parts.is_category[histogram]
    if is_bound and (moved.after < moved.before or layout.is_flag):
        moved = _counted(part, slice(bins.stop, whole.stop), whole, window, reference)
    return moved._replace(what=_words(layout, moved))


def _counted(part: int, bins: slice, whole: slice, window: Ints, reference: Ints) -> Moved:
    counts = (int(counts[where].sum()) for counts in (window, reference) for where in (bins, whole))
    return Moved(part, bins, whole, "", *counts)


def _words(layout: Layout, moved: Moved) -> str:
    start, stop = (place - moved.whole.start for place in (moved.bins.start, moved.bins.stop))
    if layout.signal == MIX:
        return "other languages" if stop == layout.bins else f"language {layout.describe(start, stop)}"
    return f"{layout.title} {layout.describe(start, stop)}"

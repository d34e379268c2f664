"""Parts of the ranges of histograms, each of which is tested: the texts in it against those outside of it.

The parts of a histogram are few, and chosen so that any change of its shape is a large change of one of them:

- `quantiles`: numbers whose bins have about equal mass. Everything below a bound, for every bound; and pieces between
  two, down to a sixteenth of the bins.
- `shares`: numbers that are mostly 0. Everything below a bound.
- `categories`: each of them.

Each part has a fixed share of the error that is allowed to its histogram (Bonferroni with weights), by levels: the
middle of the range has as much as both quarters together, these as much as the four eighths, and so on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Parts", "Shape"]

Shape = Literal["quantiles", "shares", "categories"]
BOUNDS = 2 / 3  # of the error of quantiles is for bounds, the rest for pieces
LEVELS = 4  # of pieces: the smallest have a sixteenth of the bins

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
Places = NDArray[np.intp]


class _Part(NamedTuple):
    start: int
    stop: int
    weight: float


class Parts:
    """The parts of histograms that lie end to end in one vector: `start` to `stop` - 1 are the bins of each.

    `sizes` are numbers of bins, 2 or more, and `cells` say to which cell each histogram belongs, in order. Histograms
    of a cell share its error equally.
    """

    def __init__(self, sizes: Sequence[int], shapes: Sequence[Shape], cells: Sequence[int]) -> None:
        self.first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)
        self.bins, self.cells = int(self.first[-1]), int(max(cells, default=-1)) + 1
        found = [_parts_of(size, shape) for size, shape in zip(sizes, shapes, strict=True)]
        owners = np.repeat(np.arange(len(sizes)), [len(one) for one in found])
        numbers = np.array([part for one in found for part in one], dtype=np.float64).reshape(-1, 3)
        self.histogram = owners
        self.cell = np.asarray(cells, dtype=np.intp)[owners]
        self.start = numbers[:, 0].astype(np.intp) + self.first[owners]
        self.stop = numbers[:, 1].astype(np.intp) + self.first[owners]
        self.first_parts = np.searchsorted(self.cell, np.arange(self.cells))  # of each cell
        self.is_category = np.array([shape == "categories" for shape in shapes], dtype=np.bool_)
        self._weights = numbers[:, 2] / np.bincount(cells, minlength=self.cells)[self.cell]
        self._given = np.flatnonzero(np.array([shape != "quantiles" for shape in shapes], dtype=np.bool_)[owners])

    def totals(self, counts: NDArray[np.integer[Any]]) -> Ints:
        """Texts `[histograms]` of counts `[bins]`."""
        return np.add.reduceat(counts, self.first[:-1], dtype=np.int64)

    def inside(self, counts: NDArray[np.integer[Any]]) -> tuple[Ints, Ints]:
        """Texts `[parts]` that are in each part, and outside of it, of counts `[bins]`."""
        sums = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        inside = sums[self.stop] - sums[self.start]
        return inside, self.totals(counts)[self.histogram] - inside

    def weights(self, pooled: Ints) -> Doubles:
        """What share `[parts]` of its cell's error each part may spend. They add up to at most 1 in each cell.

        `pooled` are counts `[bins]` of window and reference together. Where bins were not made from the reference,
        parts that have all or none of them can tell nothing, and leave their share to the others of the histogram.
        """
        at, found = self._given, self._weights.copy()
        owners, sums = self.histogram[at], np.concatenate([[0], np.cumsum(pooled)])
        inside = sums[self.stop[at]] - sums[self.start[at]]
        kept = np.where((inside == 0) | (inside == self.totals(pooled)[owners]), 0.0, found[at])
        whole, left = (np.bincount(owners, one, minlength=len(self.first)) for one in (found[at], kept))
        found[at] = kept * (whole / np.maximum(left, 1e-300))[owners]
        return found


@cache
def _parts_of(size: int, shape: Shape) -> tuple[_Part, ...]:
    return tuple(_parts(size, shape))


def _parts(size: int, shape: Shape) -> Iterator[_Part]:
    match shape:
        case "categories":
            yield from (_Part(bin, bin + 1, 1 / size) for bin in range(size))
        case "shares":
            yield _Part(0, 1, 0.5 if size > 2 else 1.0)
            yield from (_Part(0, stop, 0.5 / (size - 2)) for stop in range(2, size))
        case "quantiles":
            levels = list(_levels(size))
            pieces = list(_new_pieces(levels[2 : LEVELS + 1]))
            yield from _bounds(levels, BOUNDS if pieces else 1.0)
            for level in pieces:
                weight = (1 - BOUNDS) / len(pieces) / len(level)
                yield from (_Part(start, stop, weight) for start, stop in level)


def _levels(size: int) -> Iterator[list[tuple[int, int]]]:
    """The range, its halves, their halves, and so on, down to single bins."""
    level = [(0, size)]
    while any(stop - start > 1 for start, stop in level):
        yield level
        middles = [(start, (start + stop) // 2, stop) for start, stop in level]
        level = [piece for a, b, c in middles for piece in ((a, b), (b, c)) if piece[0] < piece[1]]
    yield level


def _bounds(levels: Sequence[list[tuple[int, int]]], share: float) -> Iterator[_Part]:
    """Everything below the middle of each piece that can be halved."""
    for level in levels[:-1]:
        middles = [(start + stop) // 2 for start, stop in level if stop - start > 1]
        weight = share / (len(levels) - 1) / len(middles)
        yield from (_Part(0, middle, weight) for middle in middles)


def _new_pieces(levels: Sequence[list[tuple[int, int]]]) -> Iterator[list[tuple[int, int]]]:
    """Pieces of every level that has any which no coarser one has."""
    known: set[tuple[int, int]] = set()
    for segments in levels:
        if found := [piece for piece in _pieces(segments) if piece not in known]:
            yield found
        known.update(found)


def _pieces(segments: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Segments that do not reach an end of the range, and pairs of neighbours that are not halves of the same one."""
    inner = segments[1:-1]
    yield from inner
    yield from ((left[0], right[1]) for left, right in zip(inner[::2], inner[1::2], strict=False))

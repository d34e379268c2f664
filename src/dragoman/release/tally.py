"""Harms as counts over fixed bins: small, exact to add, and enough to compute every e-value from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dragoman.errors import InvalidInput
from dragoman.records import TallyRow

__all__ = ["BINS", "HARMS", "Cell", "Tallies", "Tally"]

BINS = 41
HARMS: NDArray[np.float64] = np.linspace(-1.0, 1.0, BINS)  # the value of each bin
HALF = BINS // 2  # bins on either side of zero

Counts = NDArray[np.int64]


class Cell(NamedTuple):
    """Where a harm is counted. `step` is the place in the release's plan, from 0; shadow is a step."""

    metric: str
    language: str
    step: int


class Tally:
    """Counts of harms `[41]`, one per bin of 0.05 on [-1, 1].

    A value between two bins goes to one of them by chance, so that its mean stays what it was: a harm whose mean is at
    most a limit has counts whose mean is at most that limit, and evidence computed from them stays valid. Tallies of
    replicas, steps and times add exactly, in any order. Not safe for threads that add at the same time.
    """

    __slots__ = ("counts",)

    def __init__(self, counts: ArrayLike | None = None) -> None:
        self.counts: Counts = np.zeros(BINS, dtype=np.int64) if counts is None else np.array(counts, dtype=np.int64)

    def add(self, harm: float, rng: np.random.Generator) -> None:
        """Count one harm. Raises `InvalidInput` unless it is a number in [-1, 1]."""
        if not -1.0 <= harm <= 1.0:
            raise InvalidInput(f"A harm is {harm!r}.", help="Harms are numbers from -1 to 1.")
        place = round((harm + 1.0) * HALF, 9)  # 0.15 must be bin 23 and not almost bin 23
        lower = math.floor(place)
        rest = place - lower
        self.counts[lower + (rest > 0.0 and rng.random() < rest)] += 1

    def add_many(self, harms: ArrayLike, rng: np.random.Generator) -> None:
        """Count harms `[n]`. Raises `InvalidInput`, and counts none, unless all are numbers in [-1, 1]."""
        values = np.asarray(harms, dtype=np.float64)
        if not np.all(np.abs(values) <= 1.0):  # also not a number
            raise InvalidInput("A harm is not in [-1, 1].", help="Harms are numbers from -1 to 1.")
        place = np.round((values + 1.0) * HALF, 9)
        lower = np.floor(place)
        bins = (lower + (rng.random(values.shape) < place - lower)).astype(np.int64)
        self.counts += np.bincount(bins, minlength=BINS)

    def merge(self, other: Tally) -> None:
        """Add the counts of another tally."""
        self.counts += other.counts

    @property
    def n(self) -> int:
        return int(self.counts.sum())

    @property
    def mean(self) -> float:
        """Mean harm; 0 where nothing was counted."""
        return float(self.counts @ HARMS) / max(self.n, 1)

    def to_row(self, cell: Cell) -> TallyRow:
        """The tally as it is stored: only bins that hold something."""
        filled = {str(place): int(self.counts[place]) for place in np.flatnonzero(self.counts)}
        return TallyRow(metric=cell.metric, language=cell.language, step=cell.step, counts=filled)

    @classmethod
    def from_row(cls, row: TallyRow) -> tuple[Cell, Tally]:
        """What `to_row` stored. Raises `InvalidInput` for a bin that does not exist or a count below zero."""
        tally = cls()
        for place, count in row.counts.items():
            if not (place.isdecimal() and int(place) < BINS) or count < 0:
                raise InvalidInput(f"A tally of {row.metric} in {row.language} has bin {place!r}: {count}.")
            tally.counts[int(place)] = count
        return Cell(row.metric, row.language, row.step), tally


Tallies = Mapping[Cell, Tally]

"""Intervals around numbers: quantiles that a model tells, moved until they hold what they promise."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dragoman.errors import InvalidData
from dragoman.records import Record

__all__ = ["Intervals", "fit_intervals"]

Doubles = NDArray[np.float64]


class Intervals(Record, frozen=True, kw_only=True):
    """How far the ends of the intervals are moved outwards: one margin, or one for each step of a forecast."""

    coverage: float  # share of true values that they are made to hold
    margins: list[float]  # in the unit of the target

    def apply(self, told: NDArray[Any], *, step: int = 0) -> Doubles:
        """`[rows, 3]` value, low, high → the same with the margin of a step; the value is never outside."""
        value, low, high = told.astype(np.float64).T
        margin = self.margins[step]
        return np.stack([value, np.minimum(value, low - margin), np.maximum(value, high + margin)], axis=1)


def fit_intervals(told: NDArray[Any], truth: NDArray[Any], *, coverage: float) -> Intervals:
    """The margin that rows, which the model was not trained on, ask for.

    Conformalized quantile regression (Romano, Patterson and Candès 2019, arXiv:1905.03222): the margin is the
    `ceil((n + 1) * coverage)`-th smallest distance by which a true value is outside of `[low, high]`, negative inside.
    A new row from where these came from is inside with probability `coverage` at least, whatever the model
    (Vovk et al. 2005). `told` is `[rows, 3]`, `truth` `[rows]`. Raises `InvalidData` for too few rows.
    """
    _, low, high = told.astype(np.float64).T
    distances = np.sort(np.maximum(low - truth, truth - high))
    rank = math.ceil((len(distances) + 1) * coverage - 1e-9)
    if rank > len(distances):
        needed = math.ceil(coverage / (1 - coverage) - 1e-9)
        raise InvalidData(
            f"The dev split has {len(distances)} rows; intervals that hold {coverage:.0%} need {needed}.",
            help="Give more rows to the dev split, or lower 'trees.coverage'.",
        )
    return Intervals(coverage=coverage, margins=[float(distances[rank - 1])])

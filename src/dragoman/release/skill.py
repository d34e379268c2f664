"""Two models of numbers on the same rows: what the pairs of absolute errors say.

The skill of a model is the share of the naive answer's mean absolute error that it avoids: 0 for one that is no better,
1 for one without errors. How far it fell is the mean of as many differences as there are rows.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dragoman.records import Interval, Record

__all__ = ["Moments", "fall_p_value", "low_p_value", "mean_interval", "smallest_detectable_fall"]

TIGHT = 3.1787  # how many times that of a normal variable the tail of a sum of random signs may be
NORMAL = NormalDist()


class Moments(Record, frozen=True, kw_only=True):
    """How many values there are, their mean, and their standard deviation."""

    n: int
    mean: float
    deviation: float

    @classmethod
    def of(cls, values: NDArray[np.floating[Any]]) -> Moments:
        """Of at least one value."""
        return cls(n=len(values), mean=float(values.mean()), deviation=float(values.std()))

    def sigmas(self, other: float = 0.0) -> float:
        """The sum of the distances from another mean, over the root of the sum of their squares."""
        away = self.mean - other
        size = math.hypot(self.deviation, away)
        return math.sqrt(self.n) * away / size if size > 0 else 0.0

    def reach(self, sigmas: float) -> float:
        """How far a mean may lie from this one and be so many `sigmas` away; infinite with too few values."""
        return sigmas * self.deviation / math.sqrt(self.n - sigmas**2) if self.n > sigmas**2 else math.inf


def mean_interval(found: Moments, *, level: float) -> Interval:
    """The interval of a mean whose error is estimated, too (Student 1908)."""
    reach = found.reach(NORMAL.inv_cdf((1 + level) / 2))
    return Interval(value=found.mean, low=found.mean - reach, high=found.mean + reach, n=found.n, level=level)


def fall_p_value(falls: Moments) -> float:
    """How probable so large a fall is where both versions are as good.

    Then it is chance which of the two is the better one on a row, and a difference is as often positive as negative. A
    sum of numbers with random signs has a tail of at most `exp(-z² / 2)` (Hoeffding 1963) and of at most 3.18 times
    that of a normal variable (Bentkus and Dzindzalieta 2015), whatever the numbers: no number of rows is too small.
    """
    sigmas = falls.sigmas()
    if sigmas <= 0:
        return 1.0
    return min(math.exp(-(sigmas**2) / 2), TIGHT * _tail(sigmas))


def smallest_detectable_fall(falls: Moments, *, alpha: float, power: float) -> float:
    """The smallest fall that `fall_p_value` finds at `alpha` with probability `power` among such differences."""
    return falls.reach(NORMAL.inv_cdf(1 - alpha / TIGHT) + NORMAL.inv_cdf(power))


def low_p_value(found: Moments, least: float) -> float:
    """How probable so low a mean is where the true one is `least`; right for many values."""
    return _tail(-found.sigmas(least))


def _tail(sigmas: float) -> float:
    """Probability that a normal variable is larger."""
    return math.erfc(sigmas / math.sqrt(2)) / 2

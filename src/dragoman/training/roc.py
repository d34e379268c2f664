"""The area under the ROC curve, with its interval."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from dragoman.records import Interval

__all__ = ["roc_auc"]

Doubles = NDArray[np.float64]


def roc_auc(scores: Doubles, positive: NDArray[np.bool_], *, level: float = 0.95) -> Interval | None:
    """How often a positive row has a higher score than a negative one; a tie counts half. None without rows of both.

    The variance is DeLong's (DeLong et al. 1988), by midranks (Sun and Xu 2014); the interval is made on the logit
    scale, so that it stays inside of 0 and 1. Where all pairs agree that variance is 0: then the interval is that of as
    many trials without a failure as there are rows of the rarer kind.
    """
    count, others = int(positive.sum()), int((~positive).sum())
    if not count or not others:
        return None
    whole = _midranks(scores)
    above = (whole[positive] - _midranks(scores[positive])) / others  # share of the negatives below each positive
    below = 1.0 - (whole[~positive] - _midranks(scores[~positive])) / count
    area = float(above.mean())
    deviation = math.sqrt(_variance(above) / count + _variance(below) / others)
    if not 0 < area < 1:
        far = ((1 - level) / 2) ** (1 / min(count, others))
        low, high = (far, 1.0) if area else (0.0, 1 - far)
    else:
        low, high = _interval(area, deviation, NormalDist().inv_cdf((1 + level) / 2))
    return Interval(value=area, low=low, high=high, n=count + others, level=level)


def _midranks(values: Doubles) -> Doubles:
    """The rank of each value from 1; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def _variance(values: Doubles) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.25


def _interval(area: float, deviation: float, z: float) -> tuple[float, float]:
    middle, half = math.log(area / (1 - area)), z * deviation / (area * (1 - area))
    return _expit(middle - half), _expit(middle + half)


def _expit(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))

"""Fisher's exact test for many tables at once."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dragoman.monitoring.drift.hypergeometric import excess, log_least_tail_factor, log_point, log_tail_factor

__all__ = ["log_p_values"]

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


def log_p_values(inside: Ints, outside: Ints, before: Ints, others: Ints, *, worth: ArrayLike = 0.0) -> Doubles:
    """Natural logarithms `[tables]` of two-sided p-values of "texts of the window are inside as often as the others".

    Given the margins, the number of the window's texts that are inside is hypergeometric (Fisher 1935). The p-value is
    twice the probability of what was seen and anything further away on the same side, at most 1: at most `x` with
    probability at most `x`, at every size. Right to 1e-8 down to 1e-300 and beyond, for up to 1e9 texts. Where it is
    surely above `worth`, a logarithm `[tables]`, a lower bound that is above it too may be given, which saves most of
    the time.
    """
    more = excess(inside, outside, before, others) >= 0
    grow = np.where(more, inside, outside), np.where(more, others, before)
    shrink = np.where(more, outside, inside), np.where(more, before, others)
    points = math.log(2) + log_point(inside, outside, before, others)
    found = np.minimum(points + log_least_tail_factor(grow, shrink), 0.0)
    rows = np.flatnonzero(found <= worth)
    tails = log_tail_factor((grow[0][rows], grow[1][rows]), (shrink[0][rows], shrink[1][rows]))
    found[rows] = np.minimum(points[rows] + tails, 0.0)
    return found

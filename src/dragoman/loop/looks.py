"""How sure a single look must be, so that somebody who looks all the time rarely errs.

A share that is measured in a window that slides is looked at every hour, and neighbouring looks see almost the same
labels. How often the highest of them passes a bound by chance depends on how many windows fit into the period, not on
how many looks there were. For a mean of a window that slides, in units of its standard deviation, the probability to
pass u within T windows is near tail(u) + T u density(u) (Pickands 1969; Leadbetter, Lindgren and Rootzén 1983, chapter
12, for a covariance that falls linearly); fewer looks make it smaller.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

__all__ = ["PERIOD_DAYS", "look_level"]

PERIOD_DAYS = 90.0
LEAST_WINDOW_DAYS = 1 / 24
NORMAL = NormalDist()
LOWEST, HIGHEST, STEPS = 1.0, 12.0, 60


@lru_cache(maxsize=256)
def look_level(alpha: float, *, window_days: float) -> float:
    """The level of an interval, one end of which errs within 90 days with probability `alpha`, however often one looks.

    `window_days` is the length of the window that slides: labels older than that are gone.
    """
    windows = PERIOD_DAYS / max(window_days, LEAST_WINDOW_DAYS)
    low, high = LOWEST, HIGHEST
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _passes(middle, windows) > alpha else (low, middle)
    return 1 - 2 * _tail(high)


def _passes(bound: float, windows: float) -> float:
    return _tail(bound) + windows * bound * NORMAL.pdf(bound)


def _tail(bound: float) -> float:
    return math.erfc(bound / math.sqrt(2)) / 2

"""Slowness of a challenger's answers against the champion's of the same time."""

from __future__ import annotations

from collections import deque

import numpy as np

from dragoman.release.route import CHAMPION, Arm

__all__ = ["PaceMatch"]

QUANTILE = 0.95  # of the champion's times: what counts as slow
REMEMBERED = 512  # times of the champion that the quantile is taken of
LEAST = 100  # times without which there is no quantile
EVERY = 32  # champion answers between two looks at the quantile
BLOCK = 16  # champion answers that one of the challenger is held against, at most


class PaceMatch:
    """Matches each answer of the challenger with the champion's latest ones, each of which is used once.

    Slow means slower than the champion's 95th percentile, taken from answers that came before those that are judged: so
    the mean harm of a challenger that is as fast as the champion is 0, whatever came before.
    """

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=REMEMBERED)
        self._block: deque[float] = deque(maxlen=BLOCK)
        self._slow = 0.0  # seconds; 0 while it is unknown
        self._next = LEAST

    def add(self, arm: Arm, seconds: float) -> float | None:
        """The harm in [-1, 1] of an answer of the challenger; None where there is nothing to hold it against."""
        if arm == CHAMPION:
            self._remember(seconds)
            return None
        if not self._block:
            return None
        usual = sum(self._block) / len(self._block)
        self._block.clear()
        return float(seconds > self._slow) - usual

    def _remember(self, seconds: float) -> None:
        if self._slow:
            self._block.append(float(seconds > self._slow))
        self._times.append(seconds)
        self._next -= 1
        if self._next <= 0:
            self._slow = float(np.quantile(self._times, QUANTILE))
            self._next = EVERY

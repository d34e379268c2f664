"""The floor of a series, block by block, and whether it rises too steadily for chance."""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

import numpy as np

from dragoman.monitoring.resources.trend import (
    Values,
    concordance,
    kendall_p_value,
    sign_p_value,
    theil_sen,
    von_neumann,
)

__all__ = ["BLOCKS", "Floors", "Rise"]

BLOCKS = 24  # of a window
MISSING = 2  # blocks in a row without a sample that leave the window whole
CHANGES, PAIRS = BLOCKS - 1, BLOCKS * (BLOCKS - 1) // 2
THIRD = BLOCKS // 3
FALLS = 1  # changes that may not go up
FALLING = 0.03  # share of the pairs that may not rise
LEAST_RISING = 0.75  # share of the pairs within each third that must: a step, or two, leave one of them flat
LEAST_ROUGHNESS = 1.3  # `von_neumann` of noise around a line
UNCLEAR_FALLING = 0.15  # the same of a rise that is not clear
DEEPEST = 1 / 3  # of what was gained in a window that may be lost again on the way


class Rise(NamedTuple):
    """A floor that rises."""

    per_second: float  # the slope of the window or of its later half, whichever is less, in the unit of the series
    top: float  # where it is now
    gained: float  # in the window
    since: float  # the window's start
    seconds: float  # the window's length
    p_value: float
    is_clear: bool  # beyond doubt, even for a floor that wanders or takes long to come back


class Floors:
    """The least value of each of the last 24 blocks of `seconds`.

    What comes and goes within a block, such as garbage before it is collected, does not reach the floor.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ended: deque[float] = deque(maxlen=BLOCKS)
        self._number = 0
        self._least = math.inf

    @property
    def latest(self) -> float:
        """The floor of the last whole block; minus infinity before there is one."""
        return self._ended[-1] if self._ended else -math.inf

    def add(self, at: float, value: float) -> bool:
        """Take a value at a time in seconds; whether it began a new block."""
        number = int(at // self.seconds)
        if number == self._number:
            self._least = min(self._least, value)
            return False
        self._end(number)
        self._number, self._least = number, value
        return True

    def clear(self) -> None:
        """Begin anew."""
        self._ended.clear()
        self._number, self._least = 0, math.inf

    def rise(self) -> Rise | None:
        """What the last 24 blocks say: None unless 85% of all pairs rise, and little is lost on the way."""
        if len(self._ended) < BLOCKS:
            return None
        values = np.array(self._ended)
        if not keeps_what_it_gains(values):
            return None
        clear = p_value_of_clear(values)
        if clear is None and (rising := concordance(values)) < (1 - UNCLEAR_FALLING) * PAIRS:
            return None
        slope = min(theil_sen(values), theil_sen(values[BLOCKS // 2 :]))  # what fills up slows down
        return Rise(
            per_second=slope / self.seconds,
            top=values[-1],
            gained=values[-1] - values[0],
            since=(self._number - BLOCKS) * self.seconds,
            seconds=BLOCKS * self.seconds,
            p_value=kendall_p_value(rising, BLOCKS) if clear is None else clear,
            is_clear=clear is not None,
        )

    def _end(self, number: int) -> None:
        missing = number - self._number - 1
        if not math.isfinite(self._least) or not 0 <= missing <= MISSING:
            self._ended.clear()
        if math.isfinite(self._least) and number > self._number:
            self._ended.extend([self._least] * (1 + min(missing, MISSING)))


def p_value_of_clear(values: Values) -> float | None:
    """The p-value of a rise; None for one that is not clear.

    A floor that goes up from block to block, but for one, rises, even if it is one that wanders (sign test). So does
    one that goes up through noise: 97% of all pairs rise, three quarters of them in each third of the window, and what
    is left of a straight line is noise (Mann-Kendall test).
    """
    rises = int((np.diff(values) > 0).sum())
    if CHANGES - rises <= FALLS:
        return sign_p_value(rises, CHANGES)
    if (rising := concordance(values)) < (1 - FALLING) * PAIRS or von_neumann(values) < LEAST_ROUGHNESS:
        return None
    thirds = [values[start : start + THIRD] for start in range(0, BLOCKS, THIRD)]
    if min(map(concordance, thirds)) < LEAST_RISING * THIRD * (THIRD - 1) / 2:
        return None
    return kendall_p_value(rising, BLOCKS)


def keeps_what_it_gains(values: Values) -> bool:
    """Whether the floor rises as a whole, and nowhere falls back by more than a third of that."""
    gained = values[-1] - values[0]
    lost = (np.maximum.accumulate(values) - values).max()
    return bool(gained > 0 and lost <= DEEPEST * gained)

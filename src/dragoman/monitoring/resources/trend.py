"""Whether values rise too steadily for chance, and how fast. Ties count as not rising."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Values", "concordance", "kendall_p_value", "sign_p_value", "theil_sen", "von_neumann"]

Values = NDArray[np.float64]


def sign_p_value(rises: int, n: int) -> float:
    """The chance that at least so many of n changes go up if each is as likely to go down: the sign test's p-value.

    Exact also for a walk that never comes back, whatever the distribution of its changes.
    """
    return sum(math.comb(n, count) for count in range(rises, n + 1)) / math.pow(2, n)


def concordance(values: Values) -> int:
    """How many of the pairs of values rise with time: from 0 to n (n - 1) / 2."""
    first, second = pairs_of(len(values))
    return int((values[second] > values[first]).sum())


def kendall_p_value(rising: int, n: int) -> float:
    """The chance that at least so many pairs of n values rise if every order of them is as likely (Mann 1945).

    Exact whatever the distribution of the values; wrong for values that depend on those before them.
    """
    counts = orders_by_inversions(n)
    return sum(counts[: len(counts) - rising]) / math.factorial(n)


@cache
def pairs_of(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Places of the earlier and of the later one of all pairs of n things."""
    first, second = np.triu_indices(n, k=1)
    return first, second


@cache
def orders_by_inversions(n: int) -> list[int]:
    """How many orders of n things have 0, 1, 2, … pairs that fall."""
    counts = [1]
    for size in range(2, n + 1):
        longer = [0] * (len(counts) + size - 1)
        for place, count in enumerate(counts):
            for more in range(size):
                longer[place + more] += count
        counts = longer
    return counts


def theil_sen(values: Values) -> float:
    """The median of the slopes of all pairs of values at 0, 1, 2, … (Theil 1950, Sen 1968): a quarter may be wrong."""
    first, second = pairs_of(len(values))
    return float(np.median((values[second] - values[first]) / (second - first)))


def von_neumann(values: Values) -> float:
    """The mean square of changes over the variance, both of what a straight line leaves over (von Neumann 1941).

    Independent noise around a line has about 2, a walk or a curve much less; 2 where nothing is left over.
    """
    steps = np.arange(len(values)) - (len(values) - 1) / 2
    left = values - values.mean() - steps * (steps @ values) / (steps @ steps)
    spread = float(left @ left)
    return float((np.diff(left) ** 2).sum()) / spread if spread > 0 else 2.0

"""Intervals of means of bounded values that hold at every time, however often they are looked at.

Each value is bet on with several stakes at once; for a stake `s`, wealth is multiplied by
`exp(s * (x - mean) - psi(s) * (x - guess)^2)`, whose expectation is at most 1 for any guess from what came before
(Fan, Grama and Liu 2015). So the chance that wealth ever reaches 1/alpha is at most alpha (Ville), and the means that
are not refuted make an interval for all times: the empirical-Bernstein confidence sequence (Howard, Ramdas, McAuliffe
and Sekhon 2021; Waudby-Smith and Ramdas 2024), here with a fixed mixture of stakes. It asks for bounded values only,
not for many of them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.release.betting import log_mean_exp

__all__ = ["Steps", "bounds", "log_wealth", "mirrored"]

STAKES = 2.0 ** np.arange(3.0, -9.0, -1.0)  # 8 to 1/256: for some ten values to some ten million
FULLEST = 0.9  # of the stake that a least value would ruin
CHUNK = 65_536  # values at once
ROUNDS = 45  # halvings of the place of an end
TINY = 1e-12
SMALL = 1e-4  # of a bet: below it a series is exacter than the logarithm

Doubles = NDArray[np.float64]


class Steps(NamedTuple):
    """Values in the order in which they came; arrays `[n]`.

    The mean of `x` is `slope` times what is looked for. `guess`, `slope`, `below` and `above` were known before the
    value: it is at least `guess - below` and at most `guess + above`.
    """

    x: Doubles
    guess: Doubles
    slope: Doubles
    below: Doubles
    above: Doubles


def bounds(steps: Steps, *, alpha: float, least: float, greatest: float) -> tuple[float, float]:
    """Both ends of the interval; it never lies outside of `least` and `greatest`, and is these without values.

    What is looked for may change over time; then the lower end is at most its greatest value and the upper end at
    least its smallest, at every time.
    """
    low = _refuted(*_total(steps), alpha / 2, least, greatest)
    high = -_refuted(*_total(mirrored(steps)), alpha / 2, -greatest, -least)
    return low, max(low, high)


def log_wealth(steps: Steps, value: float) -> Doubles:
    """Logarithms `[n]` of the wealth after each step, against "what is looked for is at most `value`"."""
    gains, slopes = _bets(steps)
    return log_mean_exp(np.cumsum(gains - value * slopes, axis=0))


def mirrored(steps: Steps) -> Steps:
    """The steps of the same value with the other sign."""
    return Steps(-steps.x, -steps.guess, steps.slope, steps.above, steps.below)


def _total(steps: Steps) -> tuple[Doubles, Doubles]:
    """The logarithm of each stake's wealth against 0, and how much less it is against 1; both `[stakes]`."""
    gain, slope = np.zeros(len(STAKES)), np.zeros(len(STAKES))
    for start in range(0, len(steps.x), CHUNK):
        gains, slopes = _bets(Steps(*(one[start : start + CHUNK] for one in steps)))
        gain, slope = gain + gains.sum(axis=0), slope + slopes.sum(axis=0)
    return gain, slope


def _bets(steps: Steps) -> tuple[Doubles, Doubles]:
    """The same of each step; both `[n, stakes]`."""
    stakes = np.minimum(STAKES, FULLEST / np.maximum(steps.below, TINY)[:, None])
    rest = (steps.x - steps.guess)[:, None]
    gains = stakes * steps.x[:, None] - _price(stakes, steps.below[:, None]) * rest**2
    return gains, stakes * steps.slope[:, None]


def _price(stakes: Doubles, below: Doubles) -> Doubles:
    """`psi` of a stake, for values at least `guess - below`; `stake^2 / 2` for a small one."""
    bet = stakes * below
    series = stakes**2 * (0.5 + bet / 3)
    return np.where(bet < SMALL, series, (-np.log1p(-bet) - bet) / np.maximum(below, TINY) ** 2)


def _refuted(gain: Doubles, slope: Doubles, alpha: float, least: float, greatest: float) -> float:
    """The greatest value that the wealth contradicts at level `alpha`, else `least`."""
    below, above = least, greatest
    for _ in range(ROUNDS):
        middle = (below + above) / 2
        if log_mean_exp(gain - middle * slope) >= -math.log(alpha):
            below = middle
        else:
            above = middle
    return below

"""Evidence about a mean of bounded values, valid at every time, by betting.

A player with one coin bets a share of it before each value: his wealth is the product of `1 + bet * (value - limit)`.
Where the mean is at most the limit the game is not in his favour, so the chance that his wealth ever reaches 1/alpha is
at most alpha (Ville's inequality): wealth is an e-value at every time that anybody looks (Waudby-Smith and Ramdas 2024,
"Estimating means of bounded random variables by betting"). Here the coin is spread over fixed bets, so wealth depends
on the counts of the values and not on their order; for values 0 and 1 it is the likelihood ratio of a mixture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dragoman.release.tally import HARMS

__all__ = ["BETS", "bets", "interval", "log_factors", "log_mean_exp", "log_wealth"]

BETS = 12
LEAST_BET = 0.05  # smaller bets pay only after hundreds of thousands of values
FULLEST = 0.98  # of the bet that a least value would ruin: the player always keeps 2%
ROUNDS = 14  # halvings of the place of an interval's end
NEVER = 1e-12

Doubles = NDArray[np.float64]


def bets(limits: ArrayLike, least: ArrayLike) -> Doubles:
    """Bets `[..., BETS]` against "the mean is at most the limit", for values of at least `least`, in equal ratios."""
    greatest = FULLEST / (np.asarray(limits, dtype=np.float64) - np.asarray(least, dtype=np.float64))
    ratio = np.maximum(greatest / LEAST_BET, 1.0)[..., None]
    return np.asarray(greatest[..., None] * ratio ** -np.linspace(1.0, 0.0, BETS))


def log_factors(
    limits: ArrayLike, least: ArrayLike, *, stakes: Doubles | None = None, places: NDArray[np.intp] | None = None
) -> Doubles:
    """Logarithms `[..., bins, BETS]` of what each bet's wealth is multiplied by for a value in each bin.

    `stakes` `[..., BETS]` are the bets, by default those of `bets`; `places` chooses bins. Bins below `least` hold no
    values; their factors are meaningless and finite.
    """
    harms = HARMS if places is None else HARMS[places]
    chosen = bets(limits, least) if stakes is None else stakes
    excess = harms - np.asarray(limits, dtype=np.float64)[..., None]
    return np.asarray(np.log(np.maximum(1.0 + excess[..., None] * chosen[..., None, :], NEVER)))


def log_mean_exp(logs: Doubles) -> Doubles:
    """Logarithm of the mean of `exp(logs)` over the last axis, without overflow."""
    top = logs.max(axis=-1, keepdims=True)
    return np.asarray(np.log(np.exp(logs - top).mean(axis=-1)) + top[..., 0])


def log_wealth(counts: ArrayLike, limits: ArrayLike, least: ArrayLike) -> Doubles:
    """Logarithm `[...]` of the e-value of counts `[..., 41]` against "the mean is at most the limit".

    The e-value against "the mean is at least the limit" is that of the mirror image: counts reversed, the limit with
    the other sign, and -1 for the least value.
    """
    numbers = np.asarray(counts, dtype=np.float64)
    return log_mean_exp((numbers[..., None, :] @ log_factors(limits, least))[..., 0, :])


def interval(counts: ArrayLike, least: ArrayLike, *, alpha: float) -> tuple[Doubles, Doubles]:
    """Ends `[...]` of the interval that holds the mean at every time with probability `1 - alpha`.

    Each end is where the evidence of one side reaches 2/alpha. Without values the interval is `[least, 1]`.
    """
    numbers = np.asarray(counts, dtype=np.float64)
    lowest = np.broadcast_to(np.asarray(least, dtype=np.float64), numbers.shape[:-1])
    low = _lower_end(numbers, lowest, alpha / 2)
    high = -_lower_end(numbers[..., ::-1], np.full_like(lowest, -1.0), alpha / 2)
    return low, high


def _lower_end(counts: Doubles, least: Doubles, alpha: float) -> Doubles:
    """The greatest limit, up to a halving of 2^-14, that the counts contradict at level `alpha`, else `least`."""
    places = np.flatnonzero(counts.reshape(-1, counts.shape[-1]).any(axis=0))
    kept, total = counts[..., places], counts.sum(axis=-1)
    mean = counts @ HARMS / np.maximum(total, 1.0)
    below, above = least.copy(), np.where(total > 0, np.maximum(mean, least), least)
    for _ in range(ROUNDS):
        middle = (below + above) / 2
        logs = (kept[..., None, :] @ log_factors(np.maximum(middle, least + 1e-6), least, places=places))[..., 0, :]
        refuted = log_mean_exp(logs) >= -np.log(alpha)
        below, above = np.where(refuted, middle, below), np.where(refuted, above, middle)
    return below

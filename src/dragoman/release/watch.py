"""Evidence from every hour on: finds harm that begins late, or that lasts only for a while.

Wealth that was bet on harm from the first request is lost where the first requests were healthy. So the player keeps a
part of his coin, and begins anew with a little of it every hour: what he owns in all is still a fair game. He does so
where harm may come and go: with errors and slowness, which machines do, and with every metric over all languages.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dragoman.release.betting import log_mean_exp
from dragoman.release.metrics import METRICS

__all__ = ["NOTHING", "Watch", "first_shares", "mixed", "new_start"]

FIRST_SHARE = 0.7  # of a watched coin, for harm from the first request on; the rest is for all later hours alike
NOTHING = -1e30  # logarithm of no wealth, which is finite so that sums stay numbers

Doubles = NDArray[np.float64]


class Watch:
    """The later starts of one release of at most `max_hours`; its state is not stored.

    A watch that begins in the middle, such as after a restart of the server, goes on at the next full hour: evidence is
    lost, and no error is added.
    """

    def __init__(self, max_hours: float, languages: int) -> None:
        self._hours = max(1, math.ceil(max_hours))
        self._hour: int | None = None  # the latest that has begun
        self._first = first_shares(languages)
        self._starts: Doubles = np.full((1, 1, 1), NOTHING)

    def look(self, wealth: Doubles, hours: float) -> Doubles:
        """Logarithm `[metrics, languages + 1]` of all that the player owns, `hours` after the release began.

        `wealth` `[metrics, languages + 1, bets]` is the logarithm of that of the bets from the first request on.
        """
        now = min(int(hours), self._hours)
        if self._hour is not None and now > self._hour:
            self._starts = new_start(self._starts, wealth, (now - self._hour) / self._hours, first=self._first)
        self._hour = now if self._hour is None else max(now, self._hour)
        return mixed(wealth, self._starts, self._hour / self._hours, first=self._first)


def first_shares(languages: int) -> Doubles:
    """Shares `[metrics, languages + 1]` of each coin that are bet from the first request on; 1 keeps nothing."""
    shares = np.ones((len(METRICS), languages + 1))
    shares[[metric.may_pass for metric in METRICS]] = FIRST_SHARE
    shares[:, -1] = FIRST_SHARE
    return shares


def new_start(starts: Doubles, wealth: Doubles, share: float, *, first: Doubles) -> Doubles:
    """Later starts `[..., bets]` with one more, which begins now and has a share of what was kept.

    A start is stored as the logarithm of what it paid, divided by the wealth `[..., bets]` at that time.
    """
    return np.logaddexp(starts, _log(share * (1.0 - first))[..., None] - wealth)


def mixed(wealth: Doubles, starts: Doubles, spent: float, *, first: Doubles) -> Doubles:
    """Logarithm `[...]` of the wealth from the first request on, from the later starts, and of what is not spent."""
    if np.all(first == 1.0):
        return log_mean_exp(wealth)
    owned = np.logaddexp(log_mean_exp(wealth) + np.log(first), _log((1.0 - spent) * (1.0 - first)))
    return np.logaddexp(owned, log_mean_exp(wealth + starts))


def _log(shares: Doubles) -> Doubles:
    return np.asarray(np.where(shares > 0, np.log(np.maximum(shares, 1e-300)), NOTHING))

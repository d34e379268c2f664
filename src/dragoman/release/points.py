"""Two time series against each other, for judges that see no single requests: evidence from differences of points.

Both series are clipped to bounds that were known beforehand and the differences of points at the same place divided by
their range, so that each is a harm in [-1, 1]. Then the same bets decide as for requests (`dragoman.release.betting`).
They are sound where the difference that is to be expected next, whatever came before, is within the margin for a
healthy challenger. A point of a series stands for many requests: evidence from requests themselves is much stronger.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dragoman.errors import InvalidInput
from dragoman.release.betting import bets, log_mean_exp

__all__ = ["Bounds", "PointEvidence", "harms_of_points", "point_evidence"]

LEAST = -1.0
ROUNDS = 20  # halvings of the place of an interval's end
NEVER = 1e-12
GREATEST_LOG = 27.6  # of an e-value that is shown: 1e12

Doubles = NDArray[np.float64]


class Bounds(NamedTuple):
    """What is known of a metric beforehand, in its own units."""

    low: float
    high: float
    margin: float  # how much worse a healthy challenger may be

    @property
    def range(self) -> float:
        return self.high - self.low

    @property
    def limit(self) -> float:
        """The margin as a share of the range."""
        return self.margin / self.range

    @property
    def has_room(self) -> bool:
        """Whether the range is finite and the margin stands in it."""
        return math.isfinite(self.range) and self.range > 0 and 0 < self.limit < 1


class PointEvidence(NamedTuple):
    """What `n` pairs of points say; effect and interval are in the metric's units, positive where it is worse."""

    n: int
    effect: float
    low: float
    high: float
    log_harm: float  # logarithm of the e-value against "the mean harm is at most the margin"
    log_safe: float  # against "at least the margin"

    @property
    def e_value(self) -> float:
        return float(np.exp(min(self.log_harm, GREATEST_LOG)))

    @property
    def e_safe(self) -> float:
        return float(np.exp(min(self.log_safe, GREATEST_LOG)))


def harms_of_points(
    control: Sequence[float], experiment: Sequence[float], bounds: Bounds, *, higher_is_worse: bool
) -> Doubles:
    """Harms `[n]` in [-1, 1], one for each place where both series have a number. What stands longer is left out.

    Raises `InvalidInput` for bounds without room between them or a margin that is not within it.
    """
    if not bounds.has_room:
        raise InvalidInput(
            f"The bounds are {bounds.low} and {bounds.high} with the margin {bounds.margin}.",
            help="Give finite bounds, the lower one first, and a margin above 0 and below their range.",
        )
    length = min(len(control), len(experiment))
    first, second = (
        np.clip(np.asarray(series[:length], dtype=np.float64), bounds.low, bounds.high)
        for series in (control, experiment)
    )
    differences = (second - first) / bounds.range
    return np.asarray((differences if higher_is_worse else -differences)[~np.isnan(differences)])


def point_evidence(harms: ArrayLike, bounds: Bounds, *, alpha: float) -> PointEvidence:
    """The evidence of harms `[n]` in [-1, 1]; the interval holds at every time with probability `1 - alpha`."""
    values = np.asarray(harms, dtype=np.float64)
    low, high = _lower_end(values, alpha / 2), -_lower_end(-values, alpha / 2)
    return PointEvidence(
        n=len(values),
        effect=float(values.mean()) * bounds.range if len(values) else 0.0,
        low=low * bounds.range,
        high=high * bounds.range,
        log_harm=_log_wealth(values, bounds.limit),
        log_safe=_log_wealth(-values, -bounds.limit),
    )


def _log_wealth(values: Doubles, limit: float) -> float:
    """Logarithm of the e-value of values `[n]` against "the mean is at most the limit"."""
    stakes = bets(np.array(limit), np.array(LEAST))
    logs = np.log(np.maximum(1.0 + (values[:, None] - limit) * stakes, NEVER)).sum(axis=0)
    return float(log_mean_exp(logs))


def _lower_end(values: Doubles, alpha: float) -> float:
    """The greatest limit that the values contradict at level `alpha`, else -1."""
    below, above = LEAST, max(float(values.mean()), LEAST) if len(values) else LEAST
    for _ in range(ROUNDS):
        middle = (below + above) / 2
        refuted = _log_wealth(values, max(middle, LEAST + 1e-6)) >= -np.log(alpha)
        below, above = (middle, above) if refuted else (below, middle)
    return below

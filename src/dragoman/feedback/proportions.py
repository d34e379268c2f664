"""Shares of few observations: exact quantiles, and intervals that keep their promise near 0 and 1.

The incomplete beta function is evaluated by its continued fraction with Lentz's method (Press et al., Numerical
Recipes, 6.4), its inverse by Newton's method between bounds that close in.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

from dragoman.records import Interval

__all__ = ["beta_cdf", "beta_quantile", "effective_interval", "t_quantile"]

MAX_TERMS = 10_000
TINY = 1e-300
PRECISION = 1e-14
MAX_STEPS = 100
NONE = 1e-9  # observations: less is a rounding error


def beta_cdf(x: float, a: float, b: float) -> float:
    """Probability that a Beta(a, b) variable is at most `x`; `a` and `b` are positive."""
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    front = math.exp(_log_front(x, a, b))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1.0 - front * _fraction(1 - x, b, a) / b


def beta_quantile(share: float, a: float, b: float) -> float:
    """The value that a Beta(a, b) variable stays below with probability `share`."""
    low, high, x = 0.0, 1.0, a / (a + b)
    for _ in range(MAX_STEPS):
        if not 0 < x < 1:
            break
        over = beta_cdf(x, a, b) - share
        low, high = (low, x) if over > 0 else (x, high)
        density = math.exp(_log_front(x, a, b)) / (x * (1 - x))
        step = over / density if density > TINY else math.inf
        if abs(step) < PRECISION * x or high - low < PRECISION * high:
            break
        x = x - step if low < x - step < high else (low + high) / 2
    return x


@lru_cache(maxsize=4096)
def t_quantile(level: float, freedom: float) -> float:
    """Student's t that is exceeded in absolute value with probability 1 - `level`; `freedom` is positive."""
    x = beta_quantile(1 - level, freedom / 2, 0.5)
    return math.sqrt(freedom * (1 - x) / x)


def effective_interval(share: float, observations: float, *, freedom: float, n: int, level: float = 0.95) -> Interval:
    """Interval of a share that is worth `observations` independent ones.

    Korn and Graubard (1998): the exact interval of Clopper and Pearson for the effective number of observations,
    reduced by the square of the ratio of the normal and Student's quantile, because their variance was estimated with
    `freedom` degrees of freedom. `n` is what was really observed.
    """
    told = observations * (NormalDist().inv_cdf((1 + level) / 2) / t_quantile(level, freedom)) ** 2
    right, wrong, tail = told * share, told * (1 - share), (1 - level) / 2
    low = beta_quantile(tail, right, wrong + 1) if right > NONE else 0.0
    high = beta_quantile(1 - tail, right + 1, wrong) if wrong > NONE else 1.0
    return Interval(value=share, low=min(low, share), high=max(high, share), n=n, level=level)


def _log_front(x: float, a: float, b: float) -> float:
    """The logarithm of the density of Beta(a, b), times x (1 - x)."""
    return math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function."""
    c, d = 1.0, 1.0 / _away(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, MAX_TERMS):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / _away(1 + step * d)
            c = _away(1 + step / c)
            value *= c * d
        if abs(c * d - 1) < PRECISION:
            break
    return value


def _away(value: float) -> float:
    """Not zero, so that it can be divided by."""
    return value if abs(value) > TINY else TINY

"""Shares at other levels than the one that they were measured at, and the falls that they leave no doubt about."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

from dragoman.feedback.proportions import beta_quantile, t_quantile
from dragoman.records import Interval

__all__ = ["exact_interval", "mixed", "sure_fall", "widened"]

STEPS = 40
PRECISION = 1e-9
PACE = 4 / 3  # an end's distance shrinks with the root of the number of observations, near 0 and 1 with the number
MOST, LEAST = 1e9, 1e-3  # observations


@lru_cache(maxsize=4_096)
def exact_interval(share: float, observations: float, *, n: int, level: float) -> Interval:
    """That of Clopper and Pearson (1934), of a share of so many observations, which need not be a whole number."""
    right, tail = observations * share, (1 - level) / 2
    wrong = observations - right
    low = beta_quantile(tail, right, wrong + 1) if right > PRECISION else 0.0
    high = beta_quantile(1 - tail, right + 1, wrong) if wrong > PRECISION else 1.0
    return Interval(value=share, low=min(low, share), high=max(high, share), n=n, level=level)


@lru_cache(maxsize=4_096)
def widened(interval: Interval, level: float) -> Interval:
    """The interval of `feedback.proportions.effective_interval` at another level.

    Its ends say how many observations the share was worth; Student's quantile is taken anew, for an estimated variance
    is worth less the surer one wants to be.
    """
    freedom = max(interval.n - 1.0, 1.0)
    told = _told(interval) * (_normal_by_student(level, freedom) / _normal_by_student(interval.level, freedom)) ** 2
    return exact_interval(interval.value, told, n=interval.n, level=level)


def sure_fall(before: Interval, now: Interval) -> float:
    """By how much a share has fallen at least, at the level of the two intervals; below 0 where it may have risen.

    The bound of a difference from those of its parts (Zou and Donner 2008): their distances add as errors do, squared.
    """
    return before.value - now.value - math.hypot(before.value - before.low, now.high - now.value)


def mixed(parts: Sequence[tuple[float, Interval]]) -> Interval:
    """The mean of shares by weights, which need not add up to 1; its ends in the same way. `parts` is not empty."""
    total = sum(weight for weight, _ in parts)
    value = sum(weight * one.value for weight, one in parts) / total
    below = math.hypot(*(weight * (one.value - one.low) for weight, one in parts)) / total
    above = math.hypot(*(weight * (one.high - one.value) for weight, one in parts)) / total
    return Interval(
        value=value,
        low=max(0.0, value - below),
        high=min(1.0, value + above),
        n=sum(one.n for _, one in parts),
        level=parts[0][1].level,
    )


def _told(interval: Interval) -> float:
    """The observations whose exact interval has the end that is farther from the share: it tells most."""
    has_high = interval.high - interval.value > interval.value - interval.low
    wanted = interval.high - interval.value if has_high else interval.value - interval.low
    told = float(interval.n)
    for _ in range(STEPS):
        found = exact_interval(interval.value, told, n=interval.n, level=interval.level)
        ratio = (found.high - found.value if has_high else found.value - found.low) / max(wanted, PRECISION)
        told = min(max(told * ratio**PACE, LEAST), MOST)
        if abs(ratio - 1) < PRECISION:
            break
    return told


def _normal_by_student(level: float, freedom: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2) / t_quantile(level, freedom)

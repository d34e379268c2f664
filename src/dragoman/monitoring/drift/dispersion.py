"""How much more counts differ from bucket to bucket than those of independent texts would: the design effect.

Real traffic comes in bursts: a caller sends a hundred texts of a kind, a topic is in the news for an hour. Counts then
vary `inflation` times as much as multinomial ones, and a text says as much as `1 / inflation` of an independent one
(Kish 1965; for counts Rao and Scott 1981). It is measured in every part of every histogram between buckets of the
reference, which are taken to be without a change.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from dragoman.monitoring.drift.parts import Parts

__all__ = ["LEAST_FREE", "inflations", "raised"]

LEAST_FREE = 7  # degrees of freedom without which a length of blocks says nothing
PRIOR = 10.0  # so much expected variance with its histogram's mean inflation is lent to each part
FAR = 4.9  # standard deviations at which levels lie
MOST_RAISED = 3.0

Doubles = NDArray[np.float64]
Counts = NDArray[np.int32]


def inflations(parts: Parts, strata: Iterable[Sequence[Counts]]) -> Doubles | None:
    """Inflation `[parts]` of at least 1.

    Each stratum has counts `[bins]` of blocks of equal length that should be alike. None if they are too few to tell.
    """
    seen, due = np.zeros(len(parts.start)), np.zeros(len(parts.start))
    free = 0
    for blocks in strata:
        if len(blocks) > 1:
            free += len(blocks) - 1
            variation, expected = _variation(parts, blocks)
            seen += variation
            due += expected
    return _inflation(parts, seen, due, free) if free >= LEAST_FREE else None


def _variation(parts: Parts, blocks: Sequence[Counts]) -> tuple[Doubles, Doubles]:
    """Sum of squares of what blocks have inside more than the mean of all, and what to expect of it."""
    inside, outside = parts.inside(reduce(np.add, blocks))
    total = np.maximum(inside + outside, 1).astype(np.float64)
    share = inside / total
    squares, sizes = np.zeros(len(share)), np.zeros(len(share))
    for counts in blocks:
        mine, others = parts.inside(counts)
        squares += (mine - share * (mine + others)) ** 2
        sizes += (mine + others).astype(np.float64) ** 2
    return squares, share * (1 - share) * (total - sizes / total)


def _inflation(parts: Parts, seen: Doubles, due: Doubles, free: int) -> Doubles:
    owner = parts.histogram
    of_histogram = np.bincount(owner, seen) / np.maximum(np.bincount(owner, due), 1e-9)
    raw = (seen + PRIOR * np.maximum(of_histogram, 1.0)[owner]) / (due + PRIOR)
    return raised(raw, free)


def raised(raw: Doubles, free: int) -> Doubles:
    """Inflation from its estimate with so many degrees of freedom: what is above 1 is raised.

    A test that divides by an estimated variance has Student's tails: the excess is multiplied by the square of his
    quantile over the normal one, out where levels lie (Wallace 1959), and raised by a standard error.
    """
    student = free * math.expm1((FAR * (8 * free + 3) / (8 * free + 1)) ** 2 / free) / FAR**2
    factor = min(student * (1.0 + math.sqrt(2.0 / free)), MOST_RAISED)
    return np.asarray(1.0 + np.maximum(raw - 1.0, 0.0) * factor)

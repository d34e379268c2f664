"""Bursts of the latest traffic, where no reference tells how much counts vary: from one bucket to the next.

Neighbours differ by chance and bursts, hardly by what changes slowly, and a change from one hour to the next is one of
many differences (von Neumann 1941). The largest ones are left out, so that it does not hide itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from dragoman.monitoring.drift.dispersion import LEAST_FREE, raised
from dragoman.monitoring.drift.parts import Parts

__all__ = ["LONGER", "recent_inflation"]

LEFT_OUT = 2  # differences: there, and back
CLEAR = 2.0  # standard errors above 1 from which inflation is believed: else every cell would pay for chance
LONGER = 6  # buckets that are taken together for longer windows
PRIOR = 5.0  # so much expected variance without bursts is lent to each part
ROWS = 4_096  # parts at a time

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
Places = NDArray[np.intp]


def recent_inflation(parts: Parts, rows: Places, buckets: Sequence[Ints], *, window: int) -> Doubles:
    """Inflation `[rows]` of at least 1 of some parts, for a window of so many buckets.

    `buckets` are the counts `[bins]` of the latest ones in order of time. 1 if they are too few to tell.
    """
    found = np.ones(len(rows))
    for first in range(0, len(rows), ROWS):
        chunk = slice(first, first + ROWS)
        inside, texts = _counted(parts, rows[chunk], buckets)
        found[chunk] = _between(inside, texts)
        if window >= LONGER:
            found[chunk] = np.maximum(found[chunk], _between(_together(inside), _together(texts)))
    return found


def _counted(parts: Parts, rows: Places, buckets: Sequence[Ints]) -> tuple[Doubles, Doubles]:
    """Texts `[buckets, rows]` in the parts, and all of their histograms."""
    histograms, owners = np.unique(parts.histogram[rows], return_inverse=True)
    bins = np.concatenate([np.arange(parts.first[one], parts.first[one + 1]) for one in histograms])
    sizes = np.diff(parts.first)[histograms]
    first = np.concatenate([[0], np.cumsum(sizes)])
    counts = np.array([one[bins] for one in buckets]).reshape(-1, len(bins))
    sums = np.concatenate([np.zeros((len(counts), 1)), np.cumsum(counts, axis=1, dtype=np.float64)], axis=1)
    shift = first[owners] - parts.first[parts.histogram[rows]]
    inside = sums[:, parts.stop[rows] + shift] - sums[:, parts.start[rows] + shift]
    return inside, (sums[:, first[1:]] - sums[:, first[:-1]])[:, owners]


def _together(counts: Doubles) -> Doubles:
    """Several buckets as one; the oldest ones may be left over."""
    kept = counts[len(counts) % LONGER :]
    return np.asarray(kept.reshape(-1, LONGER, kept.shape[1]).sum(axis=1))


def _between(inside: Doubles, texts: Doubles) -> Doubles:
    """Inflation from differences of neighbours; independent texts have `share * (1 - share)` in each text of both."""
    free = len(inside) - 1 - LEFT_OUT
    if free < LEAST_FREE:
        return np.ones(inside.shape[1])
    share = inside.sum(axis=0) / np.maximum(texts.sum(axis=0), 1.0)
    gaps = (inside[:-1] * texts[1:] - inside[1:] * texts[:-1]) ** 2 / np.maximum(texts[:-1] * texts[1:], 1.0)
    expected = (texts[:-1] + texts[1:]) * share * (1 - share)
    ratio, column = gaps / np.maximum(expected, 1e-9), np.arange(inside.shape[1])
    for _ in range(LEFT_OUT):
        largest = ratio.argmax(axis=0)
        for one in (ratio, gaps, expected):
            one[largest, column] = 0.0
    raw = (gaps.sum(axis=0) / _kept_share(len(gaps)) + PRIOR) / (expected.sum(axis=0) + PRIOR)
    is_clear = raw - 1 > CLEAR * math.sqrt(3.0 / free)  # such means vary 3/2 as much as those of independent squares
    return np.where(is_clear, raised(raw, free), 1.0)


def _kept_share(pairs: int) -> float:
    """What is left of the mean square of so many normal numbers without the largest ones (Blom 1958)."""
    normal = NormalDist()
    largest = [normal.inv_cdf(1 - (place + 0.625) / (2 * (pairs + 0.25))) ** 2 for place in range(LEFT_OUT)]
    return (pairs - sum(largest)) / (pairs - LEFT_OUT)

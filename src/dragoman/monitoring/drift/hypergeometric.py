"""Probabilities of tables of two rows and two columns with given margins, in logarithms.

With `a b / c d` as the table and `E` as what the margins make one expect, the probability is

    log P = deltas of the margins - deltas of the cells - sum of O log(O / E),

where `delta(k) = log k! - (k log k - k)` is small. So nothing large cancels, and the logarithm is right to about
1e-10 for counts up to 1e8, where differences of log factorials lose half of their digits (Loader 2000 does the same for
the binomial distribution).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["excess", "log_least_tail_factor", "log_point", "log_tail_factor"]

TABLE = 1 << 14  # deltas that are looked up; Stirling's series gives the others
BLOCK = 32  # terms of a tail that are added at a time
ROWS = 1 << 14  # tables that are added at a time
LONGEST = 512  # terms; longer tails are integrated
CLOSE = 1e-12  # relative error at which a sum ends
FADED = 2 * 34.5  # twice the natural logarithms after which terms do not count: 1e-15
POINTS, WEIGHTS = np.polynomial.legendre.leggauss(28)

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


def _series(k: Doubles) -> Doubles:
    """Stirling's series of `delta`, for 16 or more."""
    inverse = 1.0 / k
    square = inverse * inverse
    tail = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
    return np.asarray(0.5 * np.log(2 * math.pi * k) + tail)


DELTAS = np.array([math.lgamma(k + 1) - (k * math.log(k) - k if k else 0.0) for k in range(16)])
DELTAS = np.concatenate([DELTAS, _series(np.arange(16.0, TABLE))])


def _delta(k: Ints) -> Doubles:
    found = DELTAS[np.minimum(k, TABLE - 1)]
    large = k >= TABLE
    if large.any():
        found[large] = _series(k[large].astype(np.float64))
    return found


def excess(a: Ints, b: Ints, c: Ints, d: Ints) -> Doubles:
    """How much more than expected is in `a` (and in `d`); of empty tables 0. Exact for tables of up to 1e9 texts."""
    return np.asarray((a * d - b * c) / np.maximum(a + b + c + d, 1))


def _surprise(observed: Doubles, expected: Doubles) -> Doubles:
    """`O log(O / E) - (O - E)`, 0 or more."""
    with np.errstate(divide="ignore", invalid="ignore"):
        change = (observed - expected) / expected
        found = expected * ((1.0 + change) * np.log1p(change) - change)
    return np.where(observed <= 0, expected, np.where(expected > 0, found, 0.0))


def log_point(a: Ints, b: Ints, c: Ints, d: Ints) -> Doubles:
    """Logarithm of the probability of each table, given its margins."""
    margins = _delta(a + b) + _delta(c + d) + _delta(a + c) + _delta(b + d) - _delta(a + b + c + d)
    cells = _delta(a) + _delta(b) + _delta(c) + _delta(d)
    more = excess(a, b, c, d)
    signs = ((a, more), (b, -more), (c, -more), (d, more))
    return np.asarray(margins - cells - sum(_surprise(o.astype(np.float64), o - by) for o, by in signs))


def log_least_tail_factor(grow: tuple[Ints, Ints], shrink: tuple[Ints, Ints]) -> Doubles:
    """A lower bound of `log_tail_factor`, mostly within a factor of 2, at once.

    The first terms, as many as a standard deviation, are at least those of a geometric series with the last one's
    ratio.
    """
    first, second, third, fourth = (cell.astype(np.float64) for cell in (*grow, *shrink))
    steps = np.floor(np.minimum(_spread(first, second, third, fourth), np.minimum(third, fourth)))
    ratio = np.maximum(third - steps, 0.0) * np.maximum(fourth - steps, 0.0)
    ratio = np.minimum(ratio / ((first + steps + 1) * (second + steps + 1)), 1 - 1e-9)
    return np.asarray(np.log((1 - ratio ** (steps + 1)) / (1 - ratio)))


def log_tail_factor(grow: tuple[Ints, Ints], shrink: tuple[Ints, Ints]) -> Doubles:
    """Logarithm of the tail's probability over that of the table itself.

    The tail has the table and all with the same margins in which the two cells of `grow` have more, those of `shrink`
    less. It must not reach over the mean.
    """
    cells = np.stack([*grow, *shrink]).astype(np.float64)
    terms = _terms(cells)
    found = np.zeros(cells.shape[1])
    long = (terms > LONGEST) & (cells[2:].min(axis=0) - terms > 64)
    for rows in _chunks(np.flatnonzero(~long)):
        found[rows] = np.log(_added(cells[:, rows]))
    for rows in _chunks(np.flatnonzero(long)):
        found[rows] = np.log(_integrated(cells[:, rows], terms[rows]))
    return found


def _chunks(rows: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    return [rows[first : first + ROWS] for first in range(0, len(rows), ROWS)]


def _terms(cells: Doubles) -> Doubles:
    """About how many terms count: those of a normal distribution."""
    first, second, third, fourth = cells
    spread = np.sqrt(np.maximum(_spread(*cells) ** 2, 1e-9))
    away = np.maximum(first * second - third * fourth, 0.0) / np.maximum(cells.sum(axis=0), 1.0) / spread
    return np.asarray(spread * (np.sqrt(away**2 + FADED) - away) + 1)


def _spread(first: Doubles, second: Doubles, third: Doubles, fourth: Doubles) -> Doubles:
    """The standard deviation of a cell, given the margins."""
    total = np.maximum(first + second + third + fourth, 2.0)
    rows, columns = first + third, first + fourth
    variance = rows * (total - rows) / total * columns * (total - columns) / total / (total - 1)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))


def _added(cells: Doubles) -> Doubles:
    """The tail by adding its terms, each a ratio times the one before, until no more can matter."""
    total, term = np.ones(cells.shape[1]), np.ones(cells.shape[1])
    left, step = np.arange(cells.shape[1]), 0
    while len(left):
        ahead = step + np.arange(BLOCK)[:, None]
        first, second, third, fourth = cells[:, left]
        ratios = np.maximum(third - ahead, 0) * np.maximum(fourth - ahead, 0)
        ratios /= (first + ahead + 1) * (second + ahead + 1)
        products = np.cumprod(ratios, axis=0) * term[left]
        total[left] += products.sum(axis=0)
        term[left], step = products[-1], step + BLOCK
        # Ratios fall, so that what is left is less than a geometric series.
        rest = products[-1] * ratios[-1] / np.maximum(1.0 - ratios[-1], 1e-300)
        left = left[rest > CLOSE * total[left]]
    return total


def _integrated(cells: Doubles, terms: Doubles) -> Doubles:
    """The tail by Euler and Maclaurin's midpoint rule: an integral, and two corrections at its end.

    Tails that are this long change so little from term to term that the next correction is below 1e-9 of them.
    """
    first, second, third, fourth = cells
    middle = (terms + 0.5) / 2
    places = middle * (POINTS[:, None] + 1) - 0.5
    heights = np.exp(_log_relative(cells, places))
    area = middle * (WEIGHTS[:, None] * heights).sum(axis=0)
    slope = np.log((third + 1) * (fourth + 1) / (first * second))
    end = np.exp(_log_relative(cells, np.full((1, len(terms)), -0.5)))[0]
    return np.asarray(area + end * (slope / 24 - slope**3 * (7 / 5760)))


def _log_relative(cells: Doubles, steps: Doubles) -> Doubles:
    """Logarithm `[steps, tables]` of the probability so many steps into the tail, over that at its start."""
    found = np.zeros(steps.shape)
    for sign, cell in zip((1, 1, -1, -1), cells, strict=True):
        now = cell + sign * steps
        change = sign * steps / cell
        # log now! - log cell!, without what is the same for all four: -steps + steps, and log cell * steps
        found -= cell * ((1 + change) * np.log1p(change) - change) + sign * steps * np.log(cell)
        found -= 0.5 * np.log1p(change) + (1 / now - 1 / cell) / 12 - (now**-3 - cell**-3) / 360
    return found

"""Sums of floats without rounding, so that neither the order of the rows nor their batches make a difference."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

__all__ = ["ExactSum"]

BITS = 53  # of a float's fraction
HALF = 27
MAX_ROWS = 2**25  # sums of halves stay below 2**53, up to where floats count exactly

Ints = NDArray[np.int64]


class ExactSum:
    """The sum of finite floats, or of their squares: the parts of all fractions are added up by their exponents."""

    def __init__(self) -> None:
        self.total = Fraction(0)

    def add(self, numbers: NDArray[np.float64]) -> None:
        for start in range(0, len(numbers), MAX_ROWS):
            self._add(*_fractions(numbers[start : start + MAX_ROWS]))

    def add_squares(self, numbers: NDArray[np.float64]) -> None:
        for start in range(0, len(numbers), MAX_ROWS):
            whole, exponents = _fractions(numbers[start : start + MAX_ROWS])
            high, low = _halves(whole)
            self._add(high * high, 2 * (exponents + HALF))
            self._add(2 * high * low, 2 * exponents + HALF)
            self._add(low * low, 2 * exponents)

    def _add(self, whole: Ints, exponents: Ints) -> None:
        """Add whole numbers of less than 55 bits times powers of two."""
        lowest = int(exponents.min(initial=0))
        high, low = _halves(whole)
        for part, shift in ((high, HALF), (low, 0)):
            sums = np.bincount(exponents - lowest, part)
            for place in np.flatnonzero(sums).tolist():
                self.total += int(sums[place]) * Fraction(2) ** (place + lowest + shift)


def _fractions(numbers: NDArray[np.float64]) -> tuple[Ints, Ints]:
    """Each number as a whole number of 53 bits, and the exponent of two that belongs to it."""
    fractions, exponents = np.frexp(numbers)
    return np.ldexp(fractions, BITS).astype(np.int64), exponents.astype(np.int64) - BITS


def _halves(whole: Ints) -> tuple[Ints, Ints]:
    high = whole >> HALF
    return high, whole - (high << HALF)

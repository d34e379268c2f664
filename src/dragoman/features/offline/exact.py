"""Exact sums over ranges of points: whole numbers in limbs of 32 bits, rounded once at the end.

A float is a whole number times a power of two. Taken in units of the smallest of these powers, all are whole numbers;
cut into limbs they add up in 64 bits without loss and in any order, as in the long accumulator of U. Kulisch
("Computer Arithmetic and Validity", 2008).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.features.offline.points import Ints
from dragoman.features.offline.ranges import Ranges

__all__ = ["Floats", "Totals", "squares_over", "sums_over"]

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]
BITS, MASK = 32, 0xFFFF_FFFF
WIDTH, LOW = np.uint64(BITS), np.uint64(MASK)
DIGITS = 53  # of a float
PIECES = 3  # limbs that a number of 64 bits reaches
SPARE = 2  # empty limbs below all others, so that the highest one has two below it
CHUNK = 65_536  # values at a time: what stays in the cache


class Totals(NamedTuple):
    """One sum at each point: that of its limbs, the one of number i times 2**(32 * i), times 2**unit."""

    limbs: Ints  # [limbs, points]
    unit: int

    def rounded(self) -> Floats:
        """The floats nearest to the sums, ties to even; infinite where there is none."""
        size = self.limbs.shape[1]
        parts = [self.limbs[:, start : start + CHUNK].copy() for start in range(0, size, CHUNK)]
        return np.concatenate([_rounded(part, self.unit) for part in parts]) if parts else np.zeros(0)

    def low_word(self) -> Ints:
        """The lowest 64 bits of the sums of integers: the sums, where they fit."""
        limbs = self.limbs[SPARE:]
        word: Ints = limbs[0] + (limbs[1] << BITS)
        return word

    def wholes(self) -> tuple[list[int], int]:
        """The sums as integers, and by which power of two they are to be divided, 0 or more."""
        found = np.zeros(self.limbs.shape[1], dtype=object)
        for number, limb in enumerate(self.limbs):
            found += limb.astype(object) << (BITS * number + max(self.unit, 0))
        return found.tolist(), max(-self.unit, 0)

    def at(self, points: Ints) -> Totals:
        """The sums at some of the points."""
        return Totals(self.limbs[:, points], self.unit)


class _Wholes(NamedTuple):
    """Values as whole numbers of up to 63 bits: sign * size * 2**exponent."""

    sizes: Words
    signs: Ints
    exponents: Ints


def sums_over(ranges: Ranges, values: Floats | Ints) -> Totals:
    """The sum at each point of the values that count there: finite floats, or integers. Up to 2**29 values."""
    lowest, highest = _exponents_of(values)
    changes = _changes(lowest, highest, ranges.size)
    for part, whole in _chunks(ranges, values):
        _spread(changes, part, whole.sizes, whole.signs, whole.exponents - lowest)
    return _totals(changes, lowest)


def squares_over(ranges: Ranges, values: Floats | Ints) -> Totals:
    """The sum at each point of the squares of the values that count there. Up to 2**29 values."""
    lowest, highest = _exponents_of(values)
    changes = _changes(2 * lowest, 2 * highest + 2 * BITS, ranges.size)
    for part, whole in _chunks(ranges, values):
        high, low, shifts = whole.sizes >> WIDTH, whole.sizes & LOW, 2 * (whole.exponents - lowest)
        sign = np.abs(whole.signs)
        for product, shift in ((high * high, 2 * BITS), (high * low, BITS + 1), (low * low, 0)):
            _spread(changes, part, product, sign, shifts + shift)
    return _totals(changes, 2 * lowest)


def _exponents_of(values: Floats | Ints) -> tuple[int, int]:
    """The lowest and the highest exponent of the values as whole numbers."""
    used = values[values != 0]
    if values.dtype == np.int64 or not len(used):
        return 0, 0
    exponents = np.frexp(used)[1]
    return int(exponents.min()) - DIGITS, int(exponents.max()) - DIGITS


def _changes(lowest: int, highest: int, size: int) -> Ints:
    limbs = (highest - lowest) // BITS + SPARE + PIECES + 1
    return np.zeros((limbs, size + 1), dtype=np.int64)


def _totals(changes: Ints, unit: int) -> Totals:
    return Totals(np.cumsum(changes, axis=1, out=changes)[:, :-1], unit - SPARE * BITS)


def _chunks(ranges: Ranges, values: Floats | Ints) -> Any:
    for start in range(0, len(values), CHUNK):
        chunk = slice(start, start + CHUNK)
        yield Ranges(ranges.firsts[chunk], ranges.lasts[chunk], ranges.size), _wholes_of(values[chunk])


def _wholes_of(values: Floats | Ints) -> _Wholes:
    signs = np.sign(values).astype(np.int64)
    if values.dtype == np.int64:
        sizes = np.where(values < 0, -values.astype(np.uint64), values.astype(np.uint64))
        return _Wholes(sizes, signs, np.zeros(len(values), dtype=np.int64))
    fractions, exponents = np.frexp(np.abs(values))
    sizes = np.ldexp(fractions, DIGITS).astype(np.uint64)
    return _Wholes(sizes, signs, exponents.astype(np.int64) - DIGITS)


def _spread(changes: Ints, ranges: Ranges, sizes: Words, signs: Ints, shifts: Ints) -> None:
    """Add sizes of up to 64 bits, shifted: less than 2**33 in each of the limbs that one reaches."""
    shifts = np.where(sizes != 0, shifts, 0)
    bits = (shifts % BITS).astype(np.uint64)
    low, high = (sizes & LOW) << bits, (sizes >> WIDTH) << bits
    flat, width = changes.reshape(-1), changes.shape[1]
    places = (shifts // BITS + SPARE) * width
    for piece in (low & LOW, (low >> WIDTH) + (high & LOW), high >> WIDTH):
        amounts = piece.astype(np.int64) * signs
        np.add.at(flat, places + ranges.firsts, amounts)
        np.subtract.at(flat, places + ranges.lasts, amounts)
        places += width


def _rounded(sums: Ints, unit: int) -> Floats:
    """The floats nearest to sums of limbs. Changes `sums`."""
    _carry(sums)
    negative = sums[-1] < 0
    sums[:, negative] *= -1
    _carry(sums)
    used = sums != 0
    top = np.maximum(sums.shape[0] - 1 - np.argmax(used[::-1], axis=0), SPARE)
    columns = np.arange(sums.shape[1])
    first, second, third = (sums[top - step, columns].astype(np.uint64) for step in range(3))
    below = np.logical_or.accumulate(used, axis=0)[top - 3, columns] & (top > SPARE)
    lead = WIDTH - np.frexp(first.astype(np.float64))[1].astype(np.uint64)
    lead[first == 0] = 0
    digits = (((first << WIDTH) | second) << lead) | (third >> (WIDTH - lead))
    digits |= (((third << lead) & LOW != 0) | below).astype(np.uint64)
    exponents = BITS * (top - 1) - lead.astype(np.int64) + unit
    with np.errstate(over="ignore"):
        found = np.ldexp(digits.astype(np.float64), exponents.astype(np.int32))
    signed: Floats = np.where(negative, -found, found)
    return signed


def _carry(sums: Ints) -> None:
    """Bring every limb but the highest into [0, 2**32)."""
    for limb in range(sums.shape[0] - 1):
        sums[limb + 1] += sums[limb] >> BITS
        sums[limb] &= MASK

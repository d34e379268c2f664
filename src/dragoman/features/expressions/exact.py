"""Sums of floats without rounding: a whole number over a power of two."""

from __future__ import annotations

import math
from typing import NamedTuple

__all__ = ["ZERO", "Exact", "std_of"]

SMALL = 2**63


class Exact(NamedTuple):
    """The number `whole / 2**shift`. Every finite float is one, and so is every sum of them and of their squares."""

    whole: int
    shift: int

    @classmethod
    def of(cls, value: float) -> Exact:
        whole, below = value.as_integer_ratio()
        return cls(whole, below.bit_length() - 1)

    def plus(self, other: Exact) -> Exact:
        more = self.shift - other.shift
        if more >= 0:
            return Exact(self.whole + (other.whole << more), self.shift)
        return Exact((self.whole << -more) + other.whole, other.shift)

    def squared(self) -> Exact:
        return Exact(self.whole * self.whole, 2 * self.shift)

    def nearest(self) -> float | None:
        """The float nearest to it, the even one of two; None where that is infinite."""
        return _ratio(self.whole, 1 << self.shift)

    def to_state(self) -> list[int | bytes]:
        """The same for the same number; whole numbers beyond 64 bits as bytes, most significant first."""
        spare = min(self.shift, (self.whole & -self.whole).bit_length() - 1) if self.whole else self.shift
        whole = self.whole >> spare
        return [_packed(whole), self.shift - spare]

    @classmethod
    def from_state(cls, state: list[int | bytes]) -> Exact:
        whole, shift = state
        return cls(_unpacked(whole), int(shift))


ZERO = Exact(0, 0)


def std_of(count: int, total: Exact, squares: Exact) -> float | None:
    """The standard deviation of a population, from the exact sums of its values and of their squares.

    The variance, (n S2 - S1**2) / n**2, is rounded once, its root once more. None for no value, and where the variance
    is no finite float.
    """
    if not count:
        return None
    shift = max(squares.shift, 2 * total.shift)
    spread = (count * squares.whole << shift - squares.shift) - (total.whole**2 << shift - 2 * total.shift)
    variance = _ratio(spread, count * count << shift)
    return None if variance is None else math.sqrt(variance)


def _ratio(top: int, bottom: int) -> float | None:
    try:
        return top / bottom
    except OverflowError:
        return None


def _packed(whole: int) -> int | bytes:
    return whole if -SMALL <= whole < SMALL else whole.to_bytes(whole.bit_length() // 8 + 1, signed=True)


def _unpacked(whole: int | bytes) -> int:
    return int.from_bytes(whole, signed=True) if isinstance(whole, bytes) else whole

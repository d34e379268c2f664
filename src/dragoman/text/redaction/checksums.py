"""Check digits: the arithmetic that card numbers, bank accounts and national ids share."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["is_date", "luhn", "mod_11_10", "verhoeff", "weighted"]

DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)

# The symmetries of a pentagon, numbered 0-4 for turns and 5-9 for reflections (Verhoeff 1969).
PENTAGON = [[(a + b) % 5 if b < 5 else 5 + (a + b) % 5 for b in range(10)] for a in range(5)]
PENTAGON += [[5 + (a - b) % 5 if b < 5 else (a - b) % 5 for b in range(10)] for a in range(5)]
SHUFFLE = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def weighted(value: str, weights: Sequence[int]) -> int:
    """Sum of the first digits of a value, each times its weight."""
    return sum(int(digit) * weight for digit, weight in zip(value, weights, strict=False))


def luhn(value: str) -> bool:
    """ISO/IEC 7812-1, annex B: every second digit from the right is doubled."""
    digits = [int(digit) for digit in reversed(value)]
    return (sum(digits[::2]) + sum(DOUBLED[digit] for digit in digits[1::2])) % 10 == 0


def mod_11_10(value: str) -> bool:
    """ISO/IEC 7064, hybrid system MOD 11,10."""
    product = 10
    for digit in value[:-1]:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return (product + int(value[-1])) % 10 == 1


def verhoeff(value: str) -> bool:
    """J. Verhoeff, Error Detecting Decimal Codes, 1969: products in the group of a pentagon."""
    product = 0
    for place, digit in enumerate(map(int, reversed(value))):
        for _ in range(place % 8):
            digit = SHUFFLE[digit]  # noqa: PLW2901 (the permutation is applied as often as the place says)
        product = PENTAGON[product][digit]
    return product == 0


def is_date(day: str | int, month: str | int) -> bool:
    """Whether a day exists in some year."""
    return 1 <= int(month) <= 12 and 1 <= int(day) <= DAYS[int(month) - 1]

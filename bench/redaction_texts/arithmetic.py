"""Check digits, computed: the makers of values share these, and nothing with the package that looks for the values."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bench.redaction_texts.chance import Chance

__all__ = ["date", "dot", "luhn_digit", "mod_11_10_digit", "until"]


def dot(value: Iterable[int | str], weights: Iterable[int]) -> int:
    """Digits times weights, summed up."""
    return sum(int(digit) * weight for digit, weight in zip(value, weights, strict=True))


def luhn_digit(body: str) -> str:
    """The digit that makes every second digit from the right, doubled and cast to one digit, add up to tens."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        number = int(digit) * (2 if place % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return str(-total % 10)


def mod_11_10_digit(body: str) -> str:
    rest = 10
    for digit in body:
        rest = (rest + int(digit)) % 10
        rest = (rest or 10) * 2 % 11
    return str((11 - rest) % 10)


def date(chance: Chance, form: str) -> str:
    """A day of birth, with `d`, `m`, `y` for two digits and `Y` for four."""
    year, month, day = chance.randint(1940, 1999), chance.randint(1, 12), chance.randint(1, 28)
    parts = {"d": f"{day:02d}", "m": f"{month:02d}", "y": f"{year % 100:02d}", "Y": str(year)}
    return "".join(parts[sign] for sign in form)


def until(make: Callable[[], str | None]) -> str:
    """What comes out of the first attempt that has a check digit."""
    while True:
        if value := make():
            return value

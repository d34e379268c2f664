"""Seeded choices that all makers of values share."""

from __future__ import annotations

import random
import string
from collections.abc import Sequence

__all__ = ["Chance"]

SYLLABLES = "ba be bi bo da de di do ka ke ko la le li lo ma me mi mo na ne ni no ra re ri ro sa se so ta te ti to va vi".split()


class Chance(random.Random):
    """A generator of random values, the same ones for the same seed."""

    def digits(self, number: int) -> str:
        return "".join(self.choices(string.digits, k=number))

    def letters(self, number: int, signs: str = string.ascii_uppercase) -> str:
        return "".join(self.choices(signs, k=number))

    def fill(self, pattern: str) -> str:
        """The pattern with a digit for each `X`, one from 2 to 9 for each `N`, and a capital for each `A`."""
        makers = {"X": string.digits, "N": "23456789", "A": string.ascii_uppercase}
        return "".join(self.choice(makers[sign]) if sign in makers else sign for sign in pattern)

    def name(self) -> str:
        """A pronounceable word."""
        return "".join(self.choices(SYLLABLES, k=self.randint(2, 4)))

    def likely(self, share: float) -> bool:
        return self.random() < share

    def pick(self, weights: dict[str, float] | Sequence[tuple[str, float]]) -> str:
        pairs = list(dict(weights).items())
        return self.choices([one for one, _ in pairs], [weight for _, weight in pairs])[0]

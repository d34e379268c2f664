"""How many of the tasks of a day each language gets, so that no prediction is left without a chance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from dragoman.feedback.review.chance import Chance

__all__ = ["Share", "allocate"]

EXACT = 9  # decimals; what is closer to a whole number is one


class Share(NamedTuple):
    """Of one language."""

    tasks: int
    inclusion: float  # chance of each of its predictions to be drawn: over all outcomes of chance, not this one only


def allocate(sizes: Mapping[str, int], total: int, *, least: int, chance: Chance) -> dict[str, Share]:
    """Share `total` tasks among languages: `least` for each that has as many predictions, the rest in proportion.

    Where `least` for all is more than there are, it is lowered in proportion, below 1 if need be. The shares that
    come of this are fractions; systematic sampling in random order (Madow 1949) makes them whole numbers whose mean
    over chance is the fraction, so `inclusion` is that fraction by the number of predictions: exact, and never 0.
    """
    names = chance.shuffled((name for name, size in sizes.items() if size > 0), purpose="languages")
    expected = _expected({name: sizes[name] for name in names}, total, least)
    counts = _rounded(expected, start=chance.of("start"))
    return {name: Share(counts[name], min(expected[name] / sizes[name], 1.0)) for name in names}


def _expected(sizes: Mapping[str, int], total: int, least: int) -> dict[str, float]:
    """Fractions that sum up to the total, none above its language's size."""
    total = min(total, sum(sizes.values()))
    minimum = {name: float(min(least, size)) for name, size in sizes.items()}
    needed = sum(minimum.values())
    if needed >= total:
        return {name: one * total / needed if needed else 0.0 for name, one in minimum.items()}
    return _filled(minimum, sizes, total - needed)


def _filled(shares: dict[str, float], sizes: Mapping[str, int], rest: float) -> dict[str, float]:
    """Pour the rest in proportion to the sizes; what is above the brim goes to the others."""
    while rest > 10**-EXACT:
        room = {name: sizes[name] - share for name, share in shares.items() if sizes[name] - share > 10**-EXACT}
        weight = sum(sizes[name] for name in room)
        poured = {name: min(rest * sizes[name] / weight, space) for name, space in room.items()}
        shares = {name: share + poured.get(name, 0.0) for name, share in shares.items()}
        rest -= sum(poured.values())
    return shares


def _rounded(expected: Mapping[str, float], *, start: float) -> dict[str, int]:
    counts, done, before = {}, 0.0, 0
    for name, share in expected.items():
        done += share
        now = max(math.ceil(round(done - start, EXACT)), 0)
        counts[name], before = now - before, now
    return counts

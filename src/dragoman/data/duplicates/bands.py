"""How many hashes tell whether two texts are similar, and how often they fail to.

MinHash (Broder 1997): under a random hash, two sets have the same least member with a probability that is their
Jaccard similarity. Banding (Indyk and Motwani 1998; Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", 3.4):
bands of a few hashes each; two texts meet if all hashes of at least one band are the same.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from dragoman.errors import InvalidInput

__all__ = ["LEAST_NEAR", "MISSED", "Bands", "bands_for", "chance_of_missing"]

MISSED = 0.01  # chance that a pair is missed whose similarity is just the one asked for
MOST_HASHES = 300
MOST_ROWS = 8  # beyond, a band would hardly let through fewer pairs that are not similar
LEAST_NEAR = 0.5  # below, texts of one language are similar by chance


class Bands(NamedTuple):
    """`number` bands of `rows` hashes."""

    rows: int
    number: int

    @property
    def hashes(self) -> int:
        return self.rows * self.number


def bands_for(near: float) -> Bands:
    """The bands that miss a pair of similarity `near` with a chance of at most 1%, as strict as the hashes allow.

    They depend on nothing but `near`: whether two texts meet depends on these two texts alone. Raises `InvalidInput`
    for a similarity outside of [0.5, 1].
    """
    if not LEAST_NEAR <= near <= 1:
        raise InvalidInput(f"The similarity is {near}.", help=f"Give one from {LEAST_NEAR} to 1.")
    choices = [Bands(rows, _count(near**rows)) for rows in range(1, MOST_ROWS + 1)]
    return [bands for bands in choices if bands.hashes <= MOST_HASHES][-1]


def chance_of_missing(similarity: float, *, near: float) -> float:
    """The chance that a pair of this Jaccard similarity meets in no band, and so is not found."""
    bands = bands_for(near)
    return float((1 - similarity**bands.rows) ** bands.number)


def _count(meeting: float) -> int:
    """Bands that are needed where one of them lets a pair meet with this chance."""
    return 1 if meeting >= 1 - MISSED else math.ceil(math.log(MISSED) / math.log1p(-meeting))

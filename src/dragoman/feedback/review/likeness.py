"""How alike texts are, for choosing a few that are not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from dragoman.data.duplicates.grams import grams_of
from dragoman.data.duplicates.normal_form import normalize_texts
from dragoman.feedback.review.candidate import Candidate

__all__ = ["Likeness"]

Grams = frozenset[int]


class Likeness:
    """The contents that people are asked about already, and how near another one is to them.

    Texts are compared by Jaccard similarity of their character n-grams, as `data.duplicates` does; rows of tables are
    the same or not.
    """

    def __init__(self, texts: Sequence[str], candidates: Iterable[Candidate]) -> None:
        pool = {one.id: one for one in candidates}
        grams = _grams([*texts, *(one.text for one in pool.values())])
        self._grams = dict(zip(pool, grams[len(texts) :], strict=True))
        self._asked = grams[: len(texts)]
        self._contents: set[str] = set(texts)
        self._nearest: dict[str, float] = {}  # of those asked when it was last worked out
        self._compared: dict[str, int] = {}

    def add(self, candidate: Candidate) -> None:
        """It is asked about now."""
        self._contents.add(candidate.content)
        if candidate.text:
            self._asked.append(self._grams[candidate.id])

    def nearest(self, candidate: Candidate) -> float:
        """Its similarity to the most similar one that is asked about: 0 for a stranger, 1 for the same."""
        if candidate.content in self._contents:
            return 1.0
        if not candidate.text:
            return 0.0
        mine, found = self._grams[candidate.id], self._nearest.get(candidate.id, 0.0)
        for other in self._asked[self._compared.get(candidate.id, 0) :]:
            found = max(found, _similarity(mine, other))
        self._nearest[candidate.id], self._compared[candidate.id] = found, len(self._asked)
        return found


def _grams(texts: Sequence[str]) -> list[Grams]:
    found = grams_of(normalize_texts(texts))
    ends = found.starts.tolist()
    return [frozenset(found.keys[start:stop].tolist()) for start, stop in pairwise(ends)]


def _similarity(one: Grams, other: Grams) -> float:
    shared = len(one & other)
    together = len(one) + len(other) - shared
    return shared / together if together else 1.0

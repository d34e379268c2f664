"""All pairs of similar texts, exactly, by character trigrams: for tens of thousands of texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["trigram_pairs"]

Ints = NDArray[np.int64]


class TrigramSets(NamedTuple):
    """The trigrams of many texts, end to end; in each text rare ones first, numbered by how rare they are."""

    grams: Ints
    starts: Ints  # where each text begins, and the end
    sizes: Ints

    def of(self, number: int, limit: int | None = None) -> Ints:
        start, stop = self.starts[number], self.starts[number + 1]
        return self.grams[start : stop if limit is None else min(stop, start + limit)]


def trigram_pairs(folds: Sequence[str], threshold: float) -> Iterator[tuple[int, int]]:
    """All pairs whose Jaccard similarity is at least `threshold`, exactly.

    Two similar sets must share one of their rarest members (prefix filtering: Chaudhuri 2006, Bayardo 2007), so texts
    are compared only with those that share one; counting happens in numpy.
    """
    sets = _gram_sets(folds)
    postings = _postings(sets, threshold)
    mine = np.zeros(int(sets.grams.max(initial=-1)) + 1, dtype=bool)
    for number in range(len(folds)):
        candidates = _candidates(number, sets, postings, threshold)
        if not len(candidates):
            continue
        mine[sets.of(number)] = True
        shared = _count_shared(candidates, sets, mine)
        mine[sets.of(number)] = False
        similarity = shared / (sets.sizes[candidates] + sets.sizes[number] - shared)
        yield from ((int(other), number) for other in candidates[similarity >= threshold])


def _gram_sets(folds: Sequence[str]) -> TrigramSets:
    keys = [_trigrams(one) for one in folds]
    sizes = np.fromiter(map(len, keys), dtype=np.int64, count=len(keys))
    _, numbers, counts = np.unique(
        np.concatenate([np.zeros(0, np.int64), *keys]), return_inverse=True, return_counts=True
    )
    rarity = np.empty(len(counts), dtype=np.int64)
    rarity[np.argsort(counts, kind="stable")] = np.arange(len(counts))
    owners = np.repeat(np.arange(len(keys)), sizes)
    ranks = rarity[numbers]
    return TrigramSets(ranks[np.lexsort((ranks, owners))], np.concatenate([[0], np.cumsum(sizes)]), sizes)


def _trigrams(text: str) -> Ints:
    """The different character trigrams of a text with a space around it, each as one number."""
    codes = np.frombuffer(f" {text} ".encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.int64)
    return np.unique((codes[:-2] << 42) | (codes[1:-1] << 21) | codes[2:])


def _prefix_length(size: int, threshold: float) -> int:
    """How many of its rarest members a set must look at: it shares at least `threshold * size` with a similar one."""
    return size - ceil(threshold * size - 1e-9) + 1


def _postings(sets: TrigramSets, threshold: float) -> dict[int, Ints]:
    """Trigram → the texts that have it among their rarest, ascending."""
    found: dict[int, list[int]] = {}
    for number, size in enumerate(sets.sizes.tolist()):
        for gram in sets.of(number, _prefix_length(size, threshold)).tolist():
            found.setdefault(gram, []).append(number)
    return {gram: np.array(numbers) for gram, numbers in found.items() if len(numbers) > 1}


def _candidates(number: int, sets: TrigramSets, postings: dict[int, Ints], threshold: float) -> Ints:
    """Earlier texts that share a rare trigram and have a fitting size."""
    size = int(sets.sizes[number])
    prefix = sets.of(number, _prefix_length(size, threshold)).tolist()
    lists = [found[: np.searchsorted(found, number)] for gram in prefix if (found := postings.get(gram)) is not None]
    if not lists:
        return np.zeros(0, dtype=np.int64)
    candidates = np.unique(np.concatenate(lists))
    sizes = sets.sizes[candidates]
    return candidates[(sizes >= threshold * size - 1e-9) & (size >= threshold * sizes - 1e-9)]


def _count_shared(candidates: Ints, sets: TrigramSets, mine: NDArray[np.bool_]) -> Ints:
    """How many of each candidate's trigrams are marked in `mine`."""
    sizes = sets.sizes[candidates]
    ends = np.cumsum(sizes)
    places = np.arange(ends[-1]) + np.repeat(sets.starts[candidates] - (ends - sizes), sizes)
    return np.add.reduceat(mine[sets.grams[places]].astype(np.int64), ends - sizes)

"""Splits that leak nothing: near-duplicates stay together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import product
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.errors import InvalidInput
from dragoman.text.normalization import fold

__all__ = ["assign_splits", "find_leaks"]

NEAR = 0.6  # Jaccard similarity of character trigrams from which two texts count as the same

Ints = NDArray[np.int64]


def assign_splits(texts: Sequence[str], groups: Sequence[str], *, dev: float, test: float, seed: str) -> list[str]:
    """The split of each text: "train", "dev" or "test"; `dev` and `test` are shares of the clusters.

    Texts of the same group (language) whose folded forms have similar character trigrams (Jaccard 0.6 or more),
    directly or through others, are a cluster, and a cluster has one split. It depends on `seed` and on the cluster's
    smallest folded text only: rows that are added elsewhere move nothing. Raises `InvalidInput` for impossible shares.
    """
    if not (dev >= 0 and test >= 0 and dev + test <= 1):
        raise InvalidInput(
            f"The shares dev = {dev} and test = {test} cannot be.", help="Give 0 to 1, together at most 1."
        )
    splits = [""] * len(texts)
    for distinct in _distinct_by_group(texts, groups):
        clusters = _cluster(len(distinct.folds), _near_pairs(distinct.folds, NEAR))
        for fold_number, root in enumerate(clusters):
            split = _draw(f"{seed}\0{distinct.folds[root]}", dev=dev, test=test)
            for row in distinct.rows[fold_number]:
                splits[row] = split
    return splits


def find_leaks(
    texts: Sequence[str], groups: Sequence[str], splits: Sequence[str], *, threshold: float = NEAR
) -> list[tuple[int, int]]:
    """Pairs of near-duplicates, of the same group but different splits: row numbers, the smaller first, sorted.

    Near is a trigram similarity of at least `threshold`, in (0, 1], or the same folded text.
    """
    if not 0 < threshold <= 1:
        raise InvalidInput(f"The threshold is {threshold}.", help="Give a similarity above 0 and at most 1.")
    leaks = set()
    for distinct in _distinct_by_group(texts, groups):
        same = ((number, number) for number in range(len(distinct.folds)))
        for first, second in (*same, *_near_pairs(distinct.folds, threshold)):
            for one, other in product(distinct.rows[first], distinct.rows[second]):
                if splits[one] != splits[other]:
                    leaks.add((min(one, other), max(one, other)))
    return sorted(leaks)


class Distinct(NamedTuple):
    """The different folded texts of a group, sorted, and the rows that have each."""

    folds: list[str]
    rows: list[list[int]]


def _distinct_by_group(texts: Sequence[str], groups: Sequence[str]) -> Iterator[Distinct]:
    members: dict[str, dict[str, list[int]]] = {}
    for row, (text, group) in enumerate(zip(texts, groups, strict=True)):
        members.setdefault(group, {}).setdefault(fold(text), []).append(row)
    for rows_by_fold in members.values():
        folds = sorted(rows_by_fold)
        yield Distinct(folds, [rows_by_fold[one] for one in folds])


def _draw(key: str, *, dev: float, test: float) -> str:
    """A split, as if at random, but always the same for the same key."""
    drawn = int.from_bytes(hashlib.sha256(key.encode(errors="surrogatepass")).digest()[:8]) / 2**64
    return "test" if drawn < test else "dev" if drawn < test + dev else "train"


def _cluster(count: int, pairs: Iterator[tuple[int, int]]) -> list[int]:
    """The smallest member of each one's cluster: connected components by union-find."""
    parents = list(range(count))

    def root_of(one: int) -> int:
        while parents[one] != one:
            parents[one] = parents[parents[one]]
            one = parents[one]
        return one

    for pair in pairs:
        low, high = sorted(map(root_of, pair))
        parents[high] = low
    return [root_of(one) for one in range(count)]


# Near pairs ---------------------------------------------------------------------------------------------------------


class GramSets(NamedTuple):
    """The trigrams of many texts, end to end; in each text rare ones first, numbered by how rare they are."""

    grams: Ints
    starts: Ints  # where each text begins, and the end
    sizes: Ints

    def of(self, number: int, limit: int | None = None) -> Ints:
        start, stop = self.starts[number], self.starts[number + 1]
        return self.grams[start : stop if limit is None else min(stop, start + limit)]


def _near_pairs(folds: Sequence[str], threshold: float) -> Iterator[tuple[int, int]]:
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


def _gram_sets(folds: Sequence[str]) -> GramSets:
    keys = [_trigrams(one) for one in folds]
    sizes = np.fromiter(map(len, keys), dtype=np.int64, count=len(keys))
    _, numbers, counts = np.unique(
        np.concatenate([np.zeros(0, np.int64), *keys]), return_inverse=True, return_counts=True
    )
    rarity = np.empty(len(counts), dtype=np.int64)
    rarity[np.argsort(counts, kind="stable")] = np.arange(len(counts))
    owners = np.repeat(np.arange(len(keys)), sizes)
    ranks = rarity[numbers]
    return GramSets(ranks[np.lexsort((ranks, owners))], np.concatenate([[0], np.cumsum(sizes)]), sizes)


def _trigrams(text: str) -> Ints:
    """The different character trigrams of a text with a space around it, each as one number."""
    codes = np.frombuffer(f" {text} ".encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.int64)
    return np.unique((codes[:-2] << 42) | (codes[1:-1] << 21) | codes[2:])


def _prefix_length(size: int, threshold: float) -> int:
    """How many of its rarest members a set must look at: it shares at least `threshold * size` with a similar one."""
    return size - ceil(threshold * size - 1e-9) + 1


def _postings(sets: GramSets, threshold: float) -> dict[int, Ints]:
    """Trigram → the texts that have it among their rarest, ascending."""
    found: dict[int, list[int]] = {}
    for number, size in enumerate(sets.sizes.tolist()):
        for gram in sets.of(number, _prefix_length(size, threshold)).tolist():
            found.setdefault(gram, []).append(number)
    return {gram: np.array(numbers) for gram, numbers in found.items() if len(numbers) > 1}


def _candidates(number: int, sets: GramSets, postings: dict[int, Ints], threshold: float) -> Ints:
    """Earlier texts that share a rare trigram and have a fitting size."""
    size = int(sets.sizes[number])
    prefix = sets.of(number, _prefix_length(size, threshold)).tolist()
    lists = [found[: np.searchsorted(found, number)] for gram in prefix if (found := postings.get(gram)) is not None]
    if not lists:
        return np.zeros(0, dtype=np.int64)
    candidates = np.unique(np.concatenate(lists))
    sizes = sets.sizes[candidates]
    return candidates[(sizes >= threshold * size - 1e-9) & (size >= threshold * sizes - 1e-9)]


def _count_shared(candidates: Ints, sets: GramSets, mine: NDArray[np.bool_]) -> Ints:
    """How many of each candidate's trigrams are marked in `mine`."""
    sizes = sets.sizes[candidates]
    ends = np.cumsum(sizes)
    places = np.arange(ends[-1]) + np.repeat(sets.starts[candidates] - (ends - sizes), sizes)
    return np.add.reduceat(mine[sets.grams[places]].astype(np.int64), ends - sizes)

"""Splits that leak nothing: what belongs together stays together.

`split_table` splits a table by rules; `check_splits` says what leaks across the splits that a table has.
`assign_splits` and `find_leaks` are for a list of texts, and compare them exactly, within a language.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.data.duplicates.components import components_of
from dragoman.data.duplicates.trigrams import trigram_pairs
from dragoman.data.leaks import check_splits
from dragoman.data.splitter import TableSplits, split_table
from dragoman.errors import InvalidInput
from dragoman.text.normalization import fold

__all__ = ["TableSplits", "assign_splits", "check_splits", "find_leaks", "split_table"]

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
        for fold_number, root in enumerate(_clusters(distinct.folds)):
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
        for first, second in (*same, *trigram_pairs(distinct.folds, threshold)):
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


def _clusters(folds: Sequence[str]) -> list[int]:
    """The smallest member of each one's cluster."""
    pairs = np.array([*trigram_pairs(folds, NEAR)], dtype=np.int64).reshape(-1, 2)
    roots: list[int] = components_of(len(folds), pairs).tolist()
    return roots

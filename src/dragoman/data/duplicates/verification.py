"""The similarity of texts, exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dragoman.data.duplicates.grams import GramSets, gram_sets, grams_of
from dragoman.data.duplicates.normal_form import normalize_texts
from dragoman.data.duplicates.texts import TextSource, spans_of

__all__ = ["similarities_of", "similarity_of"]

PART_PAIRS, PART_SIZE = 2**14, 2**22  # pairs that are compared at once, and how long their texts are together

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def similarity_of(one: str, other: str) -> float:
    """The Jaccard similarity of the n-grams of two texts in normal form: 1 for exact duplicates, 0 for strangers."""
    sets = gram_sets(grams_of(normalize_texts([one, other])))
    return float(_similarities(sets, np.array([[0, 1]]))[0])


def similarities_of(source: TextSource, pairs: Ints) -> Floats:
    """The similarity of each pair of texts, by number: `[pairs, 2]` → `[pairs]`. A long list takes bounded memory."""
    found = np.empty(len(pairs))
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    sizes = source.lengths(pairs[order]).sum(axis=1)
    for start, stop in spans_of(sizes, count=PART_PAIRS, total=PART_SIZE):
        part = order[start:stop]
        numbers, places = np.unique(pairs[part], return_inverse=True)
        sets = gram_sets(grams_of(normalize_texts(source.take(numbers))))
        found[part] = _similarities(sets, places.reshape(-1, 2))
    return found


def _similarities(sets: GramSets, pairs: Ints) -> Floats:
    """Count what both sets of a pair have: after sorting, equal grams of a pair stand side by side."""
    sizes = sets.sizes[pairs]
    grams = np.sort(np.concatenate([_of_pairs(sets, pairs[:, side]) for side in (0, 1)]))
    shared = np.bincount(grams[1:][grams[1:] == grams[:-1]] // sets.size, minlength=len(pairs))
    union = sizes.sum(axis=1) - shared
    return np.where(union > 0, shared / np.maximum(union, 1), 1.0)


def _of_pairs(sets: GramSets, texts: Ints) -> Ints:
    """The grams of the given texts, end to end, each with the number of its pair."""
    sizes = sets.sizes[texts]
    ends = np.cumsum(sizes)
    places = np.arange(sizes.sum()) + np.repeat(sets.starts[texts] - (ends - sizes), sizes)
    return np.asarray(np.repeat(np.arange(len(texts)), sizes) * sets.size + sets.numbers[places])

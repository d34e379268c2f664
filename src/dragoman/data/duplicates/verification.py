"""The similarity of texts, exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dragoman.data.duplicates.grams import GramSets, gram_sets, grams_of
from dragoman.data.duplicates.normal_form import normalize_texts
from dragoman.data.duplicates.texts import TextSource

__all__ = ["similarities_of", "similarity_of"]

SLICE = 2**14  # pairs that are compared at once

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
    for part in _fitting(source, pairs, order):
        numbers, places = np.unique(pairs[part], return_inverse=True)
        sets = gram_sets(grams_of(normalize_texts(source.take(numbers))))
        found[part] = _similarities(sets, places.reshape(-1, 2))
    return found

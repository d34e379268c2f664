"""The character n-grams of texts in normal form, each as one number.

Three characters in most scripts; two where a character is a syllable or a word, so that a gram says about as much in
Chinese as in English.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.data.duplicates.normal_form import CODE_POINTS, NormalTexts
from dragoman.text.script_ranges import SCRIPT_RANGES

__all__ = ["GramSets", "Grams", "gram_sets", "grams_of"]

DENSE = ("Bopo", "Cans", "Cher", "Ethi", "Hang", "Hani", "Hira", "Kana", "Nshu", "Tang", "Vaii", "Yiii")
LONG_VOWEL = 0x30FC  # of Japanese; Unicode counts it to no script
BITS = 21  # of a code point
NO_THIRD = (1 << BITS) - 1

Words = NDArray[np.uint64]
Ints = NDArray[np.int64]


class Grams(NamedTuple):
    """The grams of many texts, end to end in the order of the texts; one that a text repeats stands there again."""

    keys: Words
    starts: Ints  # [texts + 1]

    @property
    def sizes(self) -> Ints:
        return np.diff(self.starts)


class GramSets(NamedTuple):
    """The different grams of many texts, end to end, ascending in each, numbered from 0."""

    numbers: Ints
    starts: Ints  # [texts + 1]
    size: int  # how many different grams there are in all of them

    @property
    def sizes(self) -> Ints:
        return np.diff(self.starts)


def grams_of(normal: NormalTexts) -> Grams:
    """The grams of each text, and of the spaces around it. A text without letters, marks and numbers has none."""
    codes, starts = normal
    wide = np.concatenate([codes, [0, 0]]).astype(np.uint64)
    is_dense = _dense()[codes]
    is_pair = is_dense & np.concatenate([is_dense[1:], [False]])
    third = np.where(is_pair, np.uint64(NO_THIRD), wide[2:])
    keys = (wide[:-2] << np.uint64(2 * BITS)) | (wide[1:-1] << np.uint64(BITS)) | third
    owners = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    fits = np.arange(len(codes)) + np.where(is_pair, 2, 3) <= starts[owners + 1]
    counts = np.bincount(owners[fits], minlength=len(starts) - 1)
    return Grams(np.asarray(keys[fits], dtype=np.uint64), np.concatenate([[0], np.cumsum(counts)]))


def gram_sets(grams: Grams) -> GramSets:
    """Each text's grams, once each."""
    different, numbers = np.unique(grams.keys, return_inverse=True)
    size, texts = max(len(different), 1), len(grams.sizes)
    owned = np.sort(np.repeat(np.arange(texts), grams.sizes) * size + numbers)
    owned = owned[np.concatenate([[True], owned[1:] != owned[:-1]])[: len(owned)]]  # np.unique hashes: far slower here
    starts = np.searchsorted(owned, np.arange(texts + 1) * size)
    return GramSets(owned % size, starts, size)


@cache
def _dense() -> NDArray[np.bool_]:
    """Of each code point, whether it stands for a syllable or a word."""
    dense = np.zeros(CODE_POINTS, dtype=np.bool_)
    for script in DENSE:
        for span in SCRIPT_RANGES[script].split():
            first, _, last = span.partition("-")
            dense[int(first, 16) : int(last or first, 16) + 1] = True
    dense[LONG_VOWEL] = True
    return dense

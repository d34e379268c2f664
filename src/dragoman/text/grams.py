"""Character n-grams of a text, as numbers."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from dragoman.text.normalization import fold

__all__ = ["hash_grams", "spaced_letters"]

Ints = NDArray[np.int64]

LONGEST_GRAM = 4
DIGITS = re.compile(r"\d+")
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio: Knuth's multiplicative hash


def hash_grams(text: str, *, buckets: int) -> Ints:
    """Bucket of each character 1- to 4-gram of the letters and marks of a text, with a space around every word.

    The text is folded first, so that its normal form, width and case do not matter. `buckets` is a power of 2; a text
    without letters has no n-grams.
    """
    letters = spaced_letters(text)
    if not letters:
        return np.zeros(0, dtype=np.int64)
    codes = np.frombuffer(letters.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    hashed = codes * MULTIPLIER
    found = [hashed[codes != ord(" ")]]
    for length in range(2, min(LONGEST_GRAM, len(codes)) + 1):
        hashed = (hashed[:-1] + codes[length - 1 :]) * MULTIPLIER
        found.append(hashed)
    return (np.concatenate(found) >> np.uint64(65 - buckets.bit_length())).astype(np.int64)


def spaced_letters(text: str) -> str:
    """The letters and marks that `hash_grams` takes, folded, with a space around every word; empty without any."""
    letters = " ".join(DIGITS.sub(" ", fold(text)).split())
    return f" {letters} " if letters else ""

"""64-bit hashes of keys, many at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dragoman.data.rules.utf8 import Bytes

__all__ = ["WORD", "Words", "hash_texts", "leading_bytes", "mix", "unmix", "words_of"]

WORD = 8  # bytes
FIRST, SECOND = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)  # the finaliser of MurmurHash3
HALF, BITS, BYTE = np.uint64(33), np.uint64(64), np.uint64(8)
ALL_BITS = np.uint64(2**64 - 1)

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]


def mix(values: Words) -> Words:
    """Spread every bit over all; different values stay different."""
    mixed = values ^ (values >> HALF)
    mixed *= FIRST
    mixed ^= mixed >> HALF
    mixed *= SECOND
    mixed ^= mixed >> HALF
    return mixed


def unmix(mixed: int) -> int:
    """The value that `mix` made this of."""
    value = mixed ^ (mixed >> int(HALF))
    for factor in (SECOND, FIRST):
        value = value * pow(int(factor), -1, 2**64) % 2**64
        value ^= value >> int(HALF)
    return value


def hash_texts(data: Bytes, starts: Ints, seed: int) -> Words:
    """`[rows]` hashes of the texts whose bytes lie end to end; `seed`, of 64 bits, makes them unpredictable."""
    lengths = np.diff(starts)
    hashes = mix(lengths.astype(np.uint64) ^ np.uint64(seed))
    words = words_of(np.append(data, np.zeros(WORD, np.uint8)))
    rows = np.flatnonzero(lengths)
    for place in range(0, int(lengths.max(initial=0)), WORD):
        rows = rows[lengths[rows] > place]
        word = words[starts[rows] + place] & leading_bytes(lengths[rows] - place)
        hashes[rows] = mix(hashes[rows] ^ word)
    return hashes


def words_of(data: Bytes) -> Words:
    """The 8 bytes that begin at each byte but the last seven, as one number."""
    return np.ndarray((max(len(data) - WORD + 1, 0),), np.dtype("<u8"), data.data, strides=(1,))


def leading_bytes(lengths: Ints) -> Words:
    """Masks for the part of a word that belongs to a text of which this many bytes, at least one, are left."""
    return ALL_BITS >> (BITS - np.minimum(lengths, WORD).astype(np.uint64) * BYTE)

"""MinHash signatures of texts: what two similar texts probably have in common, in little memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.data.duplicates.bands import Bands
from dragoman.data.duplicates.grams import Grams

__all__ = ["SKETCH", "Signatures", "sign"]

SKETCH = 64  # hashes of which 8 bits are kept, to tell similar texts from those that met by chance
BLOCK = 2**15  # hashes that are computed at once: so many stay in the processor's cache
GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio

Words = NDArray[np.uint32]
Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]


class Signatures(NamedTuple):
    """What is kept of many texts."""

    keys: Words  # [texts, bands] texts with the same key in a band meet there
    sketches: Bytes  # [texts, SKETCH]


def sign(grams: Grams, bands: Bands) -> Signatures:
    """The signatures of texts. One without grams has keys that others without grams share."""
    least = _least_hashes(grams, _multipliers(max(bands.hashes, SKETCH)))
    return Signatures(_band_keys(least, bands), _mixed(least[:SKETCH].T, 24).astype(np.uint8))


def _least_hashes(grams: Grams, multipliers: Words) -> Words:
    """`[hashes, texts]`: the least value of each hash over the grams of each text."""
    hashed, sizes = _hash(grams.keys), grams.sizes
    least = np.full((len(multipliers), len(sizes)), np.iinfo(np.uint32).max, dtype=np.uint32)
    for texts in _blocks(sizes):
        longest = int(sizes[texts].max())
        places = np.minimum(np.arange(longest)[:, None], sizes[texts] - 1) + grams.starts[texts]
        block = hashed[places]
        product = np.empty_like(block)
        for number, multiplier in enumerate(multipliers):
            np.multiply(block, multiplier, out=product)
            least[number, texts] = product.min(axis=0)
    return least


def _blocks(sizes: Ints) -> Iterator[Ints]:
    """Texts of similar size together, so that they fill a rectangle; those without grams are left out."""
    order = np.argsort(sizes, kind="stable")
    start, stop = int(np.searchsorted(sizes[order], 1)), len(order)
    while stop > start:
        count = max(1, BLOCK // int(sizes[order[stop - 1]]))
        yield order[max(start, stop - count) : stop]
        stop -= count


def _hash(keys: NDArray[np.uint64]) -> Words:
    """32 well-mixed bits of each gram: the finalizer of MurmurHash3 (Appleby 2011), its upper half."""
    mixed = keys ^ (keys >> np.uint64(33))
    mixed *= np.uint64(0xFF51AFD7ED558CCD)
    mixed ^= mixed >> np.uint64(33)
    mixed *= np.uint64(0xC4CEB9FE1A85EC53)
    return (mixed >> np.uint64(32)).astype(np.uint32)


def _multipliers(count: int) -> Words:
    """Odd factors, each a permutation of all 32-bit numbers; always the same ones."""
    return _hash(np.arange(1, count + 1, dtype=np.uint64) * GOLDEN) | np.uint32(1)


def _band_keys(least: Words, bands: Bands) -> Words:
    parts = least[: bands.hashes].reshape(bands.number, bands.rows, -1)
    keys = np.zeros((bands.number, parts.shape[2]), dtype=np.uint32)
    for row in range(bands.rows):
        keys = (_mixed(keys ^ parts[:, row], 0) + np.uint32(row)).astype(np.uint32)
    return np.ascontiguousarray(keys.T)


def _mixed(numbers: Words, shift: int) -> Words:
    """Bits that depend on all bits: a round of MurmurHash3's 32-bit finalizer."""
    mixed = (numbers ^ (numbers >> np.uint32(15))) * np.uint32(0x85EBCA6B)
    mixed = (mixed ^ (mixed >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return (mixed ^ (mixed >> np.uint32(16))) >> np.uint32(shift)

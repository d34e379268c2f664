"""Pairs of texts that meet in a band: the few that are worth comparing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.data.duplicates.components import components_of
from dragoman.data.duplicates.signatures import SKETCH, Signatures

__all__ = ["BUCKET", "PARTNERS", "Meetings"]

BUCKET = 32  # texts with one key that are all compared with each other
PARTNERS = 8  # others with which each is compared, about, where more have one key
STEPS = 2  # of them in one band
SLICE = 2**16  # pairs that are looked at at once
OVERLOOKED = 1e-4  # chance that the sketches of a pair that is just similar enough say that it is not

Ints = NDArray[np.int64]
Pairs = NDArray[np.int64]  # [pairs, 2], the smaller number first


class Band(NamedTuple):
    """The texts that share their key with another one, bucket after bucket."""

    texts: Ints  # ascending in a bucket
    buckets: Ints  # the bucket of each, ascending
    sizes: Ints  # of the bucket of each


class Meetings:
    """What comes out of the bands, one after the other. `signatures.keys` is changed on the way.

    A pair comes once, from the first band in which it meets. Where a key is shared by more than `BUCKET` texts, each is
    compared with a few others, drawn anew in every band, and from `PARTNERS` on only with those of other clusters: a
    million copies of a template make one cluster, not 10**11 pairs.
    """

    def __init__(self, signatures: Signatures, *, near: float) -> None:
        self.keys, self.sketches = signatures
        self.least_shared = _least_shared(near)
        self.room = np.full(len(self.keys), PARTNERS, dtype=np.int64)  # partners that each may still have in crowds
        self.clusters = np.arange(len(self.keys))

    @property
    def crowded(self) -> NDArray[np.bool_]:
        """[texts] whether a text shared a key with more than `BUCKET` others."""
        return np.asarray(self.room < PARTNERS)

    def join(self, pairs: Pairs) -> None:
        """Take note of pairs that are similar."""
        labels = components_of(len(self.clusters), self.clusters[pairs])
        self.clusters = labels[self.clusters]

    def in_band(self, number: int) -> Iterator[Pairs]:
        """The pairs that meet in a band, after those of the bands before it."""
        band = _band(self.keys[:, number])
        is_crowd = band.sizes > BUCKET
        for pairs in _neighbours(band.texts[~is_crowd], band.buckets[~is_crowd], BUCKET):
            yield self._in_bucket(pairs[self._is_first(pairs, number)])
        yield from self._in_crowds(band.texts[is_crowd], band.buckets[is_crowd], number)

    def _in_bucket(self, pairs: Pairs) -> Pairs:
        similar = self._similar(pairs[self._is_wanted(pairs)])
        both_crowded = similar[self.crowded[similar].all(axis=1)]
        np.subtract.at(self.room, both_crowded.ravel(), 1)
        return similar

    def _in_crowds(self, texts: Ints, buckets: Ints, number: int) -> Iterator[Pairs]:
        order = np.lexsort((_shuffled(texts, number), buckets))
        for pairs in _neighbours(texts[order], buckets[order], STEPS):
            wanted = pairs[self._is_wanted(pairs)]
            np.subtract.at(self.room, wanted.ravel(), 1)
            yield self._similar(np.sort(wanted, axis=1))
        self.keys[texts, number] = texts  # what a crowd did not compare must not look compared in later bands

    def _is_wanted(self, pairs: Pairs) -> NDArray[np.bool_]:
        """All pairs but those of one cluster whose texts have had enough partners in crowds."""
        has_room = (self.room[pairs] > 0).any(axis=1)
        return np.asarray(has_room | (self.clusters[pairs[:, 0]] != self.clusters[pairs[:, 1]]))

    def _is_first(self, pairs: Pairs, number: int) -> NDArray[np.bool_]:
        """Whether no earlier band has seen the pair."""
        return np.asarray((self.keys[pairs[:, 0], :number] != self.keys[pairs[:, 1], :number]).all(axis=1))

    def _similar(self, pairs: Pairs) -> Pairs:
        """Without pairs whose sketches have too little in common."""
        shared = (self.sketches[pairs[:, 0]] == self.sketches[pairs[:, 1]]).sum(axis=1)
        return np.asarray(pairs[shared >= self.least_shared])


def _band(keys: NDArray[np.uint32]) -> Band:
    packed = np.sort((keys.astype(np.uint64) << np.uint64(32)) | np.arange(len(keys), dtype=np.uint64))
    sorted_keys = packed >> np.uint64(32)
    starts = np.flatnonzero(np.concatenate([[True], sorted_keys[1:] != sorted_keys[:-1]])[: len(packed)])
    counts = np.diff(np.concatenate([starts, [len(packed)]]))
    sizes = np.repeat(counts, counts)
    shared = np.flatnonzero(sizes > 1)
    buckets = np.repeat(np.arange(len(counts)), counts)
    texts = (packed[shared] & np.uint64(2**32 - 1)).astype(np.int64)
    return Band(texts, buckets[shared], sizes[shared])


def _neighbours(texts: Ints, buckets: Ints, steps: int) -> Iterator[Pairs]:
    """Pairs of texts of one bucket that are at most so many steps from each other."""
    for step in range(1, min(steps, len(texts) - 1) + 1):
        places = np.flatnonzero(buckets[step:] == buckets[:-step])
        if not len(places):
            return
        for start in range(0, len(places), SLICE):
            part = places[start : start + SLICE]
            yield np.stack([texts[part], texts[part + step]], axis=1)


def _shuffled(texts: Ints, number: int) -> NDArray[np.uint64]:
    """A random order of the texts, another one for each band."""
    mixed = (texts.astype(np.uint64) + np.uint64(number * 0x9E3779B9)) * np.uint64(0xFF51AFD7ED558CCD)
    return (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0xC4CEB9FE1A85EC53)


def _least_shared(near: float) -> int:
    """How many bytes of two sketches must be the same: at least so many are, but for one pair in 10,000."""
    chances = np.cumsum([math.comb(SKETCH, k) * near**k * (1 - near) ** (SKETCH - k) for k in range(SKETCH + 1)])
    return int(np.searchsorted(chances, OVERLOOKED))

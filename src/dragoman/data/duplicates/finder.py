"""Find the duplicates among many texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dragoman.data.duplicates.bands import Bands, bands_for
from dragoman.data.duplicates.found import Duplicates
from dragoman.data.duplicates.grams import grams_of
from dragoman.data.duplicates.meetings import Meetings
from dragoman.data.duplicates.normal_form import DIGEST_BYTES, digests_of, normalize_texts
from dragoman.data.duplicates.signatures import SKETCH, Signatures, sign
from dragoman.data.duplicates.texts import TextSource
from dragoman.data.duplicates.verification import similarities_of

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["NEAR", "find_duplicates"]

NEAR = 0.7
THREADS = 2
PENDING = 2**18  # pairs that are compared at once

Ints = NDArray[np.int64]


def find_duplicates(
    texts: Sequence[str | None] | pa.Array | pa.ChunkedArray, *, near: float = NEAR, threads: int = THREADS
) -> Duplicates:
    """Rows with the same text in normal form, and pairs of texts whose similarity is at least `near`, in [0.5, 1].

    The similarity of every pair is computed exactly, so no pair is there that should not be. One of similarity `near`
    is missed with a chance of at most 1%, a more similar one with less (`chance_of_missing`); whether a pair is found
    depends on its two texts only, unless they are among more than 32 that are alike (`Duplicates.crowded`). Memory is
    about 350 bytes for each different text, whatever its length, beside the texts and the pairs. Missing texts are
    empty ones. Raises `InvalidInput` for another `near`.
    """
    bands = bands_for(near)
    source = TextSource(texts)
    firsts, same = _distinct(source)
    meetings = Meetings(_signatures(source, firsts, bands, threads=threads), near=near)
    pairs, similarities = _near_pairs(source, firsts, meetings, bands, near=near)
    return Duplicates(firsts[same], pairs, similarities, int(np.count_nonzero(meetings.crowded)))


def _distinct(source: TextSource) -> tuple[Ints, Ints]:
    """The first row of each different text, in the order of digests; and for each row, the number of its text."""
    digests = np.empty(source.count, dtype=f"S{DIGEST_BYTES}")
    rows = np.arange(source.count)
    for start, stop in source.spans(rows):
        digests[start:stop] = digests_of(normalize_texts(source.take(rows[start:stop])))
    _, firsts, same = np.unique(digests, return_index=True, return_inverse=True)
    return firsts.astype(np.int64), same.astype(np.int64)


def _signatures(source: TextSource, firsts: Ints, bands: Bands, *, threads: int) -> Signatures:
    """The signatures of the different texts, in the order of `firsts`; texts are read in the order of their rows."""
    keys = np.empty((len(firsts), bands.number), dtype=np.uint32)
    sketches = np.empty((len(firsts), SKETCH), dtype=np.uint8)
    order = np.argsort(firsts)

    def fill(span: tuple[int, int]) -> None:
        part = order[slice(*span)]
        keys[part], sketches[part] = sign(grams_of(normalize_texts(source.take(firsts[part]))), bands)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, source.spans(firsts[order])))
    return Signatures(keys, sketches)


def _near_pairs(
    source: TextSource, firsts: Ints, meetings: Meetings, bands: Bands, *, near: float
) -> tuple[Ints, NDArray[np.float64]]:
    """The pairs of rows that are similar enough, sorted, and how similar they are."""
    keys, values = [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
    for pairs in (found for band in range(bands.number) for found in _gathered(meetings.in_band(band))):
        rows = np.sort(firsts[pairs], axis=1)
        similarities = similarities_of(source, rows)
        is_near = similarities >= near
        meetings.join(pairs[is_near])
        keys.append(rows[is_near] @ np.array([source.count, 1]))
        values.append(similarities[is_near])
    found, places = np.unique(np.concatenate(keys), return_index=True)
    return np.stack(np.divmod(found, max(source.count, 1)), axis=1), np.concatenate(values)[places]


def _gathered(found: Iterator[Ints]) -> Iterator[Ints]:
    """The pairs, many at a time."""
    waiting: list[Ints] = []
    for pairs in found:
        waiting.append(pairs)
        if sum(map(len, waiting)) >= PENDING:
            yield np.concatenate(waiting)
            waiting = []
    if waiting:
        yield np.concatenate(waiting)

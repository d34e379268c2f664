"""Texts in a list or in an Arrow column, read part by part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["TextSource", "spans_of"]

PART_TEXTS, PART_BYTES = 4096, 2**20  # that are handled at once

Ints = NDArray[np.int64]


class TextSource:
    """Texts by number. One that is missing is the empty text."""

    def __init__(self, texts: Sequence[str | None] | pa.Array | pa.ChunkedArray) -> None:
        self.count = len(texts)
        self._list = texts if isinstance(texts, Sequence) else None
        self._column = None if isinstance(texts, Sequence) else _contiguous(texts)
        self._lengths = _lengths(self._column if self._list is None else self._list)

    def take(self, numbers: Ints) -> list[str]:
        """Some texts, in the order of the numbers."""
        if self._list is not None:
            found = [self._list[number] for number in numbers.tolist()]
        else:
            found = self._column.take(numbers).to_pylist()  # type: ignore[union-attr]
        return [text or "" for text in found]

    def lengths(self, numbers: Ints) -> Ints:
        """How long texts are: in characters in a list, in bytes in a column."""
        return self._lengths[numbers]

    def spans(self, numbers: Ints) -> Iterator[tuple[int, int]]:
        """Cut a list of numbers, so that the texts of each part fit in memory many times over."""
        return spans_of(self.lengths(numbers), count=PART_TEXTS, total=PART_BYTES)


def spans_of(sizes: Ints, *, count: int, total: int) -> Iterator[tuple[int, int]]:
    """Cut a list of things with sizes: at most `count` at a time, and no more than `total`, but at least one."""
    ends = np.cumsum(sizes)
    start = 0
    while start < len(sizes):
        before = int(ends[start - 1]) if start else 0
        fitting = int(np.searchsorted(ends, before + total, side="right"))
        stop = min(max(fitting, start + 1), start + count, len(sizes))
        yield start, stop
        start = stop


def _contiguous(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One array with 64-bit offsets: columns of more than 2 GB can be taken from."""
    import pyarrow as pa  # heavy: serving does without it

    wide = column.cast(pa.large_string())
    return wide.combine_chunks() if isinstance(wide, pa.ChunkedArray) else wide


def _lengths(texts: Sequence[str | None] | pa.Array) -> Ints:
    """How long each text is, in characters or bytes."""
    if isinstance(texts, Sequence):
        return np.fromiter((len(text or "") for text in texts), dtype=np.int64, count=len(texts))
    import pyarrow.compute as pc  # heavy: serving does without it

    return np.asarray(pc.fill_null(pc.binary_length(texts), 0), dtype=np.int64)

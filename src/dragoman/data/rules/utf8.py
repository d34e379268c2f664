"""Text that is no UTF-8: stray bytes, and lone surrogates, which some writers store as three bytes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dragoman.data.rules.masks import Mask

__all__ = ["Bytes", "mark_rows", "text_bytes", "wrong_texts"]

ASCII_END = 0x80
Bytes = NDArray[np.uint8]


def text_bytes(array: pa.Array) -> tuple[Bytes, NDArray[np.int64]]:
    """The bytes of all texts of a string or binary array end to end, and `[rows + 1]` where each begins."""
    _, offset_buffer, data_buffer = array.buffers()
    if not len(array) or data_buffer is None:
        return np.zeros(0, np.uint8), np.zeros(len(array) + 1, np.int64)
    offsets = np.frombuffer(offset_buffer, np.int32)[array.offset : array.offset + len(array) + 1]
    data = np.frombuffer(data_buffer, np.uint8)[offsets[0] : offsets[-1]]
    return data, (offsets - offsets[0]).astype(np.int64)


def wrong_texts(array: pa.Array) -> Mask | None:
    """`[rows]` texts that are no UTF-8; None if all are."""
    data, _ = text_bytes(array)
    if not len(data) or data.max() < ASCII_END or _is_valid(array):
        return None
    wrong = np.zeros(len(array), dtype=bool)
    _search(array, 0, wrong)
    return wrong


def _is_valid(array: pa.Array) -> bool:
    try:
        array.cast(pa.string(), safe=False).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _search(array: pa.Array, start: int, wrong: Mask) -> None:
    """Halve what is not valid until single rows are left."""
    if _is_valid(array):
        return
    if len(array) == 1:
        wrong[start] = True
        return
    half = len(array) // 2
    _search(array.slice(0, half), start, wrong)
    _search(array.slice(half), start + half, wrong)


def mark_rows(places: NDArray[np.int64], starts: NDArray[np.int64]) -> Mask:
    """`[rows]` whether one of the places, positions of bytes, is in the row."""
    marked = np.zeros(len(starts) - 1, dtype=bool)
    if len(places):
        marked[np.searchsorted(starts[1:], places, side="right")] = True
    return marked

"""The texts of keys on disk, and whether two of them are the same."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dragoman.data.rules.key_hash import WORD, leading_bytes, words_of
from dragoman.data.rules.masks import Mask
from dragoman.data.rules.utf8 import Bytes

__all__ = ["KeyTexts"]

COMPARED_AT_ONCE = 1_000_000

Ints = NDArray[np.int64]


class KeyTexts:
    """Texts by their place in the order of adding. `flush` comes between adding and reading."""

    def __init__(self, folder: Path | None) -> None:
        self._texts, self._ends = (tempfile.TemporaryFile(dir=folder) for _ in range(2))  # noqa: SIM115 (see `close`)
        self._length = 0
        self._data = np.zeros(0, np.uint8)
        self._starts = np.zeros(1, np.int64)

    def add(self, data: Bytes, starts: Ints) -> None:
        self._texts.write(np.ascontiguousarray(data).data)
        self._ends.write((starts[1:] + self._length).data)
        self._length += len(data)

    def flush(self) -> None:
        self._texts.write(bytes(WORD))  # the last word is read as a whole
        self._texts.flush()
        self._ends.flush()
        self._data = np.memmap(self._texts, np.uint8, mode="r")
        self._starts = np.memmap(self._ends, np.int64, mode="r")

    def close(self) -> None:
        self._texts.close()
        self._ends.close()

    def text(self, place: int) -> bytes:
        start, end = self._span(np.array([place]))
        return bytes(self._data[start[0] : end[0]])

    def same(self, places: Ints, others: Ints) -> Mask:
        """Which texts equal their counterpart, byte by byte."""
        starts = range(0, len(places), COMPARED_AT_ONCE)
        parts = [slice(start, start + COMPARED_AT_ONCE) for start in starts]
        return np.concatenate([np.zeros(0, bool), *(self._same(places[part], others[part]) for part in parts)])

    def _same(self, places: Ints, others: Ints) -> Mask:
        (start, end), (other_start, other_end) = self._span(places), self._span(others)
        lengths = end - start
        same: Mask = lengths == other_end - other_start
        words = words_of(self._data)
        rows = np.flatnonzero(same)
        for offset in range(0, int(lengths.max(initial=0)), WORD):
            rows = rows[lengths[rows] > offset]
            differ = words[start[rows] + offset] ^ words[other_start[rows] + offset]
            differ &= leading_bytes(lengths[rows] - offset)
            same[rows[differ != 0]] = False
            rows = rows[differ == 0]
        return same

    def _span(self, places: Ints) -> tuple[Ints, Ints]:
        starts = np.where(places > 0, self._starts[np.maximum(places - 1, 0)], 0)
        return starts, np.asarray(self._starts[places])

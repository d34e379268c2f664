"""Quantised word tables: sessions whose tables are equal use one, for a host serves many models of one base."""

from __future__ import annotations

import hashlib
import threading
from typing import NamedTuple
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

__all__ = ["WordTable", "shared_table"]

CHUNK_ROWS = 8_192

_in_use: WeakValueDictionary[bytes, NDArray[np.int8]] = WeakValueDictionary()  # by the digest of the scales
_lock = threading.Lock()


class WordTable(NamedTuple):
    """The quantised vectors of a vocabulary, mapped from a file."""

    values: NDArray[np.int8]  # [vocabulary, hidden]
    scale: NDArray[np.float32]  # [vocabulary]


def shared_table(words: WordTable) -> WordTable:
    """An equal table that a session uses already, or else this one, for the sessions to come.

    The scales of all rows tell tables apart without reading them; those that agree in them are compared in full.
    """
    key = hashlib.sha256(words.scale.tobytes()).digest()
    with _lock:
        found = _in_use.get(key)
        if found is not None and _are_equal(found, words.values):
            return WordTable(found, words.scale)
        _in_use[key] = words.values
        return words


def _are_equal(one: NDArray[np.int8], other: NDArray[np.int8]) -> bool:
    chunks = range(0, len(one), CHUNK_ROWS)
    return one.shape == other.shape and all(
        np.array_equal(one[start : start + CHUNK_ROWS], other[start : start + CHUNK_ROWS]) for start in chunks
    )

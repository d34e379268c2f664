"""Counting characters and n-grams in C++, called through ctypes: it costs every text that is answered.

Beside this package lies a library without dependencies (`native/`), built when the package is installed. Where there is
none, `native_text` gives None, and the same is done in numpy and plain Python, ten to twenty times as slowly.
"""

from __future__ import annotations

import ctypes
import functools
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LIBRARY_FILE", "Automaton", "NativeText", "Table", "native_text"]

LIBRARY_FILE = Path(__file__).with_name("native") / "libdragoman_text.so"

INT, LONG, POINTER = ctypes.c_int, ctypes.c_int64, ctypes.c_void_p
SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "dragoman_count_scripts": (None, [POINTER, LONG, POINTER, LONG, POINTER]),
    "dragoman_gram_evidence": (None, [POINTER, LONG, POINTER, INT, LONG, POINTER]),
    "dragoman_walk_evidence": (LONG, [POINTER, LONG, *[POINTER] * 4, LONG, POINTER]),
}
CODE_BYTES = 4  # of a code point in UTF-32
HASH_BITS = 64

Array = NDArray[Any]
Floats = NDArray[np.float32]


class Table:
    """An array whose address does not have to be asked for again."""

    def __init__(self, array: Array) -> None:
        assert array.flags.c_contiguous
        self.array, self.pointer = array, address(array)


class Automaton:
    """What `NativeText.walk_evidence` goes through: see there. `weights` is `[features, classes]`, of halves."""

    def __init__(self, states: Array, rows: Array, features: Array, weights: Array) -> None:
        self.states = Table(np.ascontiguousarray(states, dtype=np.uint32))
        self.rows = Table(np.ascontiguousarray(rows, dtype=np.int32))
        self.features = Table(np.ascontiguousarray(features, dtype=np.int32))
        self.weights = Table(np.ascontiguousarray(weights, dtype=np.float16))


class NativeText:
    """The functions of the library. They keep the interpreter lock: a text takes microseconds."""

    def __init__(self, library: ctypes.PyDLL) -> None:
        for name, (result, arguments) in SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        self._count_scripts = library.dragoman_count_scripts
        self._gram_evidence = library.dragoman_gram_evidence
        self._walk_evidence = library.dragoman_walk_evidence

    def count_scripts(self, text: str, table: Table, scripts: int) -> list[int]:
        """`[scripts]`: how many code points have each number in `table`; its last entry is for all above."""
        codes, counts = code_points(text), np.zeros(scripts, dtype=np.int64)
        length = len(codes) // CODE_BYTES
        self._count_scripts(codes, length, table.pointer, len(table.array), address(counts))
        return counts.tolist()

    def gram_evidence(self, letters: str, weights: Table) -> Floats:
        """`[classes]`: the sum of the rows of `weights`, `[buckets, classes]`, of the n-grams of folded text."""
        buckets, classes = weights.array.shape
        codes, sums = code_points(letters), np.zeros(classes, dtype=np.float32)
        shift = HASH_BITS + 1 - buckets.bit_length()
        self._gram_evidence(codes, len(codes) // CODE_BYTES, weights.pointer, shift, classes, address(sums))
        return sums

    def walk_evidence(self, text: bytes, automaton: Automaton) -> Floats | None:
        """`[classes]`: the rows of the features found on a walk over bytes, by the logarithm of 1 + times found.

        From state `s` a byte `b` leads to `states[rows[s] + b]`; `features[s]` is found there, or -1. None if nothing
        was found.
        """
        classes = automaton.weights.array.shape[1]
        sums = np.zeros(classes, dtype=np.float32)
        tables = (automaton.states, automaton.rows, automaton.features, automaton.weights)
        pointers = [table.pointer for table in tables]
        return sums if self._walk_evidence(text, len(text), *pointers, classes, address(sums)) else None


@functools.cache
def native_text() -> NativeText | None:
    """The library; None where it was not built."""
    try:
        return NativeText(ctypes.PyDLL(str(LIBRARY_FILE)))
    except OSError:
        return None


def code_points(text: str) -> bytes:
    return text.encode("utf-32-le", "surrogatepass")


def address(array: Array) -> int:
    """Where the array's numbers lie, for as long as the array lives."""
    return int(array.__array_interface__["data"][0])

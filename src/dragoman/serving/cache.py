"""Answers that were given before."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np

from dragoman.serving.sequence import Output
from dragoman.serving.work import Key

__all__ = ["ResultCache"]

ENTRY_BYTES = 480  # what an entry takes beside its numbers and its token ids

CacheKey = tuple[str, Key]


class ResultCache:
    """The results asked for most recently, in at most `max_bytes` bytes; 0 turns it off. Safe to share.

    Engines may share one: the key begins with the engine's digest, which names weights, tokenizer and precision. The
    rest is the model's head, the readout with the parameters that matter, token ids and features: see `key_of`. Since a
    session's answer does not depend on a text's neighbours, what is found is what running the text again would give.
    Arrays are read-only, for everybody who finds one has the same.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes, self.bytes = max_bytes, 0
        self._entries: OrderedDict[CacheKey, Output] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: str, key: Key) -> Output | None:
        """What was stored, now the most recent; None if it is not there."""
        if not self._entries:
            return None
        with self._lock:
            found = self._entries.get((digest, key))
            if found is not None:
                self._entries.move_to_end((digest, key))
            return found

    def put(self, digest: str, key: Key, result: Output) -> None:
        """Keep a result; the least recent ones make room. One that alone is too large is not kept."""
        size = _size_of(key, result)
        if size > self.max_bytes:
            return
        kept = np.array(result) if result.base is not None else result  # a view would keep its whole batch
        kept.setflags(write=False)
        with self._lock:
            self._drop((digest, key))
            self._entries[digest, key] = kept
            self.bytes += size
            while self.bytes > self.max_bytes:
                self._drop(next(iter(self._entries)))

    def drop(self, digest: str) -> None:
        """Forget everything of one engine."""
        with self._lock:
            for key in [key for key in self._entries if key[0] == digest]:
                self._drop(key)

    def __len__(self) -> int:
        return len(self._entries)

    def _drop(self, key: CacheKey) -> None:
        if (found := self._entries.pop(key, None)) is not None:
            self.bytes -= _size_of(key[1], found)


def _size_of(key: Key, result: Output) -> int:
    return result.nbytes + sum(map(len, key[2:])) + ENTRY_BYTES

"""A random sample of what comes by, of bounded size."""

from __future__ import annotations

import random
import threading
from typing import Generic, TypeVar

__all__ = ["Sampler"]

T = TypeVar("T")


class Sampler(Generic[T]):
    """Keeps up to `size` things between two calls of `take`, each with the same chance (Vitter 1985, algorithm R).

    Safe to share between threads.
    """

    def __init__(self, size: int, *, seed: int | None = None) -> None:
        self.size = size
        self._random = random.Random(seed)  # noqa: S311 (no secret)
        self._kept: list[T] = []
        self._seen = 0
        self._lock = threading.Lock()

    def offer(self, thing: T) -> None:
        """Keep it, or not."""
        with self._lock:
            self._seen += 1
            if len(self._kept) < self.size:
                self._kept.append(thing)
            elif (place := self._random.randrange(self._seen)) < self.size:
                self._kept[place] = thing

    def take(self) -> list[T]:
        """What was kept; the next sample begins."""
        with self._lock:
            kept, self._kept, self._seen = self._kept, [], 0
        return kept

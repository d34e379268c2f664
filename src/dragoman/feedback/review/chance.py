"""Chance that is the same whenever it is asked again: from digests, never from a state."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

__all__ = ["Chance"]

BITS = 53  # as many as the fraction of a float has


class Chance:
    """Random numbers by name. Two names, or two seeds, have nothing to do with each other (SHA-256)."""

    def __init__(self, *seed: str) -> None:
        self.seed = "\0".join(seed)

    def of(self, *name: str) -> float:
        """A number in [0, 1)."""
        digest = hashlib.sha256("\0".join((self.seed, *name)).encode(errors="surrogatepass")).digest()
        return float((int.from_bytes(digest[:8], "big") >> (64 - BITS)) / 2**BITS)

    def shuffled(self, names: Iterable[str], *, purpose: str) -> list[str]:
        """The names in an order that does not depend on the one they come in."""
        return sorted(names, key=lambda name: (self.of(purpose, name), name))

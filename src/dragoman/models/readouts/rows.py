"""The rows of some texts of a packed batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dragoman.models.packing import PackedBatch
from dragoman.models.readouts.base import Floats, Ints

__all__ = ["Rows", "rows_of", "split"]


class Rows(NamedTuple):
    """Packed indices of all tokens of some texts, text by text."""

    indices: Ints  # [R]
    lengths: Ints  # [texts]

    def take(self, hidden: Floats) -> Floats:
        """Their hidden states, `[R, hidden]`; without a copy where they are the whole batch."""
        return hidden if self._is_everything(len(hidden)) else hidden[self.indices]

    def _is_everything(self, tokens: int) -> bool:
        return len(self.indices) == tokens and bool((self.indices == np.arange(tokens)).all())


def rows_of(batch: PackedBatch, texts: Sequence[int]) -> Rows:
    """The rows of the asked texts, in the order asked."""
    asked = np.asarray(texts, dtype=np.int64)
    lengths = batch.lengths[asked]
    before = np.cumsum(lengths) - lengths
    return Rows(np.arange(lengths.sum()) + np.repeat(batch.first[asked] - before, lengths), lengths)


def split(values: Floats, counts: Ints) -> list[Floats]:
    """Cut `[R, …]` into one array per text. Copies: whoever keeps one of them keeps no more than that."""
    if not len(counts):
        return []
    return [part.copy() for part in np.split(values, np.cumsum(counts)[:-1])]

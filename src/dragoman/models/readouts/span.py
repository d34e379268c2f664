"""The head of extractive question answering."""

from __future__ import annotations

from collections.abc import Sequence

from dragoman.models.packing import PackedBatch
from dragoman.models.readouts.base import Floats
from dragoman.models.readouts.linear import Linear
from dragoman.models.readouts.rows import rows_of, split

__all__ = ["SpanReadout"]


class SpanReadout:
    """How well an answer starts, and ends, at each token of a text of `L` tokens: `[L, 2]`."""

    key = "span"

    def __init__(self, outputs: Linear) -> None:
        self.outputs = outputs

    def read(self, hidden: Floats, batch: PackedBatch, texts: Sequence[int]) -> list[Floats]:
        rows = rows_of(batch, texts)
        return split(self.outputs(rows.take(hidden)), rows.lengths)

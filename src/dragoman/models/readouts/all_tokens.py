"""All hidden states of a text."""

from __future__ import annotations

from collections.abc import Sequence

from dragoman.models.packing import PackedBatch
from dragoman.models.readouts.base import Floats
from dragoman.models.readouts.rows import rows_of, split

__all__ = ["AllTokensReadout"]


class AllTokensReadout:
    """The vector of each token of a text of `L` tokens, special tokens included: `[L, hidden]`."""

    key = "all_tokens"

    def read(self, hidden: Floats, batch: PackedBatch, texts: Sequence[int]) -> list[Floats]:
        rows = rows_of(batch, texts)
        return split(rows.take(hidden), rows.lengths)

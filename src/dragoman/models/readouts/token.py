"""The head of a token classifier."""

from __future__ import annotations

from collections.abc import Sequence

from dragoman.models.packing import PackedBatch
from dragoman.models.readouts.base import Floats
from dragoman.models.readouts.linear import Linear
from dragoman.models.readouts.rows import rows_of, split

__all__ = ["TokenReadout"]


class TokenReadout:
    """Logits of each token of a text of `L` tokens, special tokens included: `[L, labels]`."""

    key = "tokens"

    def __init__(self, classifier: Linear) -> None:
        self.classifier = classifier

    def read(self, hidden: Floats, batch: PackedBatch, texts: Sequence[int]) -> list[Floats]:
        rows = rows_of(batch, texts)
        return split(self.classifier(rows.take(hidden)), rows.lengths)

"""The head of a text classifier."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dragoman.models.packing import PackedBatch
from dragoman.models.readouts.base import Floats
from dragoman.models.readouts.linear import Linear
from dragoman.models.readouts.pool import Pooling, pooled

__all__ = ["ClassificationReadout"]


class ClassificationReadout:
    """Logits of a text, `[labels]`: pooled, dense, tanh, projection.

    RoBERTa's classification head; in BERT, the pooler and the classifier.
    """

    key = "classification"

    def __init__(self, *, dense: Linear, out: Linear, pooling: Pooling) -> None:
        self.dense, self.out, self.pooling = dense, out, pooling

    def read(self, hidden: Floats, batch: PackedBatch, texts: Sequence[int]) -> list[Floats]:
        vectors = pooled(hidden, batch, texts, self.pooling)
        return [logits.copy() for logits in self.out(np.tanh(self.dense(vectors)))]

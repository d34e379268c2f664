"""The head of a classifier that reads features beside the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dragoman.models.fusion import CLIP, Fusion, feature_matrix
from dragoman.models.packing import PackedBatch
from dragoman.models.readouts.base import Floats, Ints
from dragoman.models.readouts.linear import Linear
from dragoman.models.readouts.pool import Pooling, pooled

__all__ = ["FeatureTower", "FusedReadout"]


class FeatureTower:
    """From rows of features to what they add to the head's dense layer: `[rows, columns]` → `[rows, hidden]`."""

    def __init__(self, fusion: Fusion, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.columns = len(fusion.columns)
        self._numbers, self._categories = fusion.numbers, fusion.categories
        self._sizes, self._starts = np.array(fusion.sizes), np.array(fusion.starts, dtype=np.int64)
        self._mean, self._scale, self._vectors = (
            arrays.get(f"fusion.{name}") for name in ("mean", "scale", "categories.weight")
        )
        self._tower, self._into = Linear.of(arrays, "fusion.tower"), Linear.of(arrays, "fusion.into")

    def __call__(self, rows: Floats) -> Floats:
        parts = [*self._of_numbers(rows[:, self._numbers]), *self._of_categories(rows[:, self._categories])]
        return self._into(np.maximum(self._tower(np.concatenate(parts, axis=1)), 0.0))

    def _of_numbers(self, numbers: Floats) -> list[Floats]:
        if self._mean is None or self._scale is None:
            return []
        missing = np.isnan(numbers)
        with np.errstate(over="ignore"):  # of a number near the largest there is; it is cut anyway
            standard = np.clip((numbers - self._mean) / self._scale, -CLIP, CLIP)
        return [np.where(missing, np.float32(0), standard), missing.astype(np.float32)]

    def _of_categories(self, codes: Floats) -> list[Floats]:
        if self._vectors is None:
            return []
        known = (codes >= 0) & (codes < self._sizes)
        rows: Ints = np.where(known, codes, -1).astype(np.int64) + (self._starts + 1)
        return [self._vectors[rows].reshape(len(rows), rows.shape[1] * self._vectors.shape[1])]


class FusedReadout:
    """Logits of a text with its features, `[labels]`: a classification head to which the features add.

    The features are those of the batch; those of a text that has none are missing.
    """

    key = "fused"

    def __init__(self, *, dense: Linear, out: Linear, pooling: Pooling, tower: FeatureTower) -> None:
        self.dense, self.out, self.pooling, self.tower = dense, out, pooling, tower

    def read(self, hidden: Floats, batch: PackedBatch, texts: Sequence[int]) -> list[Floats]:
        features = feature_matrix(batch.features, texts, self.tower.columns)
        return [logits.copy() for logits in self.logits(pooled(hidden, batch, texts, self.pooling), features)]

    def logits(self, vectors: Floats, features: Floats) -> Floats:
        """`[texts, labels]` from pooled vectors `[texts, hidden]` and features `[texts, columns]`."""
        return self.out(np.tanh(self.dense(vectors) + self.tower(features)))

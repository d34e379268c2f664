"""One vector per text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from dragoman.models.packing import PackedBatch
from dragoman.models.readouts.activation import Activation
from dragoman.models.readouts.base import Floats
from dragoman.models.readouts.linear import Linear

__all__ = ["DenseLayer", "PoolReadout", "Pooling", "pooled"]

Pooling = Literal["mean", "cls"]
SHORTEST = 1e-12  # a vector shorter than this is divided by it, as in torch


def pooled(hidden: Floats, batch: PackedBatch, texts: Sequence[int], pooling: Pooling) -> Floats:
    """The mean of a text's tokens, or its first token: `[T, hidden]` → `[texts, hidden]`."""
    asked = np.asarray(texts, dtype=np.int64)
    if pooling == "cls":
        return hidden[batch.first[asked]]
    starts, lengths = batch.first[asked], batch.lengths[asked]
    sums = np.empty((len(asked), hidden.shape[1]), dtype=np.float32)
    # A sum per text: np.add.reduceat over rows takes 20 times as long, for it walks along columns.
    for row, start, end in zip(sums, starts.tolist(), (starts + lengths).tolist(), strict=True):
        np.add.reduce(hidden[start:end], axis=0, out=row)
    return np.divide(sums, lengths[:, None].astype(np.float32), out=sums)


class DenseLayer(NamedTuple):
    """A dense layer of sentence-transformers."""

    linear: Linear
    activation: Activation

    def __call__(self, rows: Floats) -> Floats:
        return self.activation(self.linear(rows))


class PoolReadout:
    """An embedding per text, `[D]`: pooled, through the dense layers, cut to `dimensions`, then to length 1.

    Embeddings that may be cut are those of models trained for it (Kusupati et al. 2022, arXiv:2205.13147).
    """

    def __init__(
        self,
        *,
        pooling: Pooling = "mean",
        dense: Sequence[DenseLayer] = (),
        normalize: bool = True,
        dimensions: int | None = None,
    ) -> None:
        self.pooling, self.dense, self.normalize, self.dimensions = pooling, tuple(dense), normalize, dimensions

    @property
    def key(self) -> str:
        parts = ["pool", self.pooling, "normalized" if self.normalize else "raw"]
        return ":".join([*parts, *([] if self.dimensions is None else [str(self.dimensions)])])

    def width(self, hidden: int) -> int:
        """Numbers of an embedding before it is cut, where a token has `hidden`. `dimensions` may not exceed it."""
        return len(self.dense[-1].linear.weight) if self.dense else hidden

    def read(self, hidden: Floats, batch: PackedBatch, texts: Sequence[int]) -> list[Floats]:
        vectors = pooled(hidden, batch, texts, self.pooling)
        for layer in self.dense:
            vectors = layer(vectors)
        vectors = vectors[:, : self.dimensions]
        return [vector.copy() for vector in (_normalized(vectors) if self.normalize else vectors)]


def _normalized(vectors: Floats) -> Floats:
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    return vectors / np.maximum(lengths, SHORTEST)[:, None]  # type: ignore[no-any-return]

"""The head that fills masked tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dragoman.models.packing import PackedBatch
from dragoman.models.readouts.activation import Activation
from dragoman.models.readouts.base import Floats, Ints
from dragoman.models.readouts.linear import Linear
from dragoman.models.readouts.norm import Norm
from dragoman.models.readouts.rows import rows_of

__all__ = ["CHUNK", "MaskReadout", "WordRows", "WordTransform"]

CHUNK = 8_192  # rows of the word table that are float32 at a time


class WordRows(Protocol):
    """The word table, `[vocabulary, hidden]`: an array, or a smaller form that gives a range of rows as numbers."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> NDArray[Any]: ...


class WordTransform(NamedTuple):
    """From hidden states to vectors that are compared with those of words. `[rows, hidden]` → the same."""

    dense: Linear
    activation: Activation
    norm: Norm

    def __call__(self, rows: Floats) -> Floats:
        return self.norm(self.activation(self.dense(rows)))


class MaskReadout:
    """Logits of every word of the vocabulary for each of a text's `M` masked tokens, in order: `[M, vocabulary]`.

    `words` may be the word table in any form: the decoder goes through it in chunks, so that no second float32 table
    ever exists.
    """

    key = "mask"

    def __init__(self, mask_token: int, *, transform: WordTransform, words: WordRows, bias: Floats) -> None:
        self.mask_token, self.transform, self.words, self.bias = mask_token, transform, words, bias

    def read(self, hidden: Floats, batch: PackedBatch, texts: Sequence[int]) -> list[Floats]:
        rows = rows_of(batch, texts)
        masked = batch.input_ids[rows.indices] == self.mask_token
        owners = np.repeat(np.arange(len(rows.lengths)), rows.lengths)[masked]
        vectors = self.transform(hidden[rows.indices[masked]])
        return self._logits(vectors, np.bincount(owners, minlength=len(rows.lengths)))

    def _logits(self, vectors: Floats, counts: Ints) -> list[Floats]:
        logits = [np.empty((count, len(self.bias)), dtype=np.float32) for count in counts]
        ends = np.cumsum(counts)[:-1]
        for start in range(0, len(self.bias) if len(vectors) else 0, CHUNK):
            chunk = slice(start, start + CHUNK)
            scores = Linear(np.asarray(self.words[chunk], dtype=np.float32), self.bias[chunk])(vectors)
            for mine, part in zip(logits, np.split(scores, ends), strict=True):
                mine[:, chunk] = part
        return logits

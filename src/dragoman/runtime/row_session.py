"""A model of a table as a session: what it says of a row stands where hidden states of a text stand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dragoman.models.packing import PackedBatch
from dragoman.runtime.footprint import Footprint

__all__ = ["RowSession"]

Floats = NDArray[np.float32]


class RowSession:
    """Runs `predict`, `[rows, columns]` → `[rows, outputs]`, over batches in which each row is a text of one token.

    So everything that holds for texts holds for rows: the engine learns how long they take, halves a batch that lacks
    memory, and its probe is a real prediction. A row without features has none of its `columns` values.
    """

    def __init__(self, predict: Callable[[Floats], Floats], *, columns: int, stored_bytes: int = 0) -> None:
        self.predict, self.columns = predict, columns
        self.threads = 1
        self.footprint = Footprint(stored_bytes)

    def run(self, batch: PackedBatch) -> Floats:
        """What the model says of each row, `[T, outputs]`."""
        missing = np.full(self.columns, np.nan, dtype=np.float32)
        given = batch.features or [None] * batch.texts
        return self.predict(np.stack([missing if one is None else one for one in given]))

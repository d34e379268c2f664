"""The contract of everything that runs a model, and the fake that tests use."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dragoman.models.packing import PackedBatch

__all__ = ["FakeSession", "Outputs", "Session"]

Floats = NDArray[np.float32]


class Outputs(NamedTuple):
    """What one forward pass of `B` texts and `T` tokens computes."""

    hidden: Floats  # [T, hidden]
    logits: Floats  # [B, labels]; no columns for a body without a head


class Session(Protocol):
    """Runs packed batches. One call at a time; answers do not depend on a text's neighbours."""

    def run(self, batch: PackedBatch) -> Outputs: ...


class FakeSession:
    """A session without a model: a text's logits count its tokens modulo the number of labels."""

    def __init__(self, labels: int = 3, hidden: int = 4) -> None:
        self.labels, self.hidden = labels, hidden
        self.batches: list[PackedBatch] = []

    def run(self, batch: PackedBatch) -> Outputs:
        self.batches.append(batch)
        hidden = np.repeat(batch.input_ids[:, None], self.hidden, axis=1).astype(np.float32)
        ends = np.append(batch.first[1:], len(batch.input_ids))
        logits = np.zeros((batch.texts, self.labels), dtype=np.float32)
        for row, (start, end) in enumerate(zip(batch.first, ends, strict=True)):
            np.add.at(logits[row], batch.input_ids[start:end] % self.labels, 1.0)
        return Outputs(hidden, logits)

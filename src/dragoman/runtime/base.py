"""The contract of everything that runs a model, and the fake that tests use."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from dragoman.models.packing import PackedBatch

__all__ = ["DividedSession", "FakeSession", "Session"]

Floats = NDArray[np.float32]


class Session(Protocol):
    """Runs the encoder over packed batches; readouts turn its hidden states into the numbers of a task.

    One call at a time. What it gives for a text does not depend on the text's neighbours.
    """

    def run(self, batch: PackedBatch) -> Floats:
        """Hidden states of the last layer, `[T, hidden]`. Raises `MemoryError` when the batch is too large."""
        ...


@runtime_checkable
class DividedSession(Protocol):
    """A session that also runs a batch on half of its threads, while the other half runs another one."""

    @property
    def halves(self) -> int:
        """2; 1 if it has a single thread."""
        ...

    def run(self, batch: PackedBatch, half: int | None = None) -> Floats:
        """As of `Session`. A half is 0 or 1, and runs one batch at a time; without one, all threads work together."""
        ...


class FakeSession:
    """A session without a model: each token's vector has a one at its id modulo the vector's size."""

    def __init__(self, hidden: int = 3) -> None:
        self.hidden = hidden
        self.batches: list[PackedBatch] = []

    def run(self, batch: PackedBatch) -> Floats:
        self.batches.append(batch)
        return np.eye(self.hidden, dtype=np.float32)[batch.input_ids % self.hidden]

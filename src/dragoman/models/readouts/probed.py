"""A readout that also tells where a text's hidden vector lies, for profiles of what the model sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from dragoman.models.packing import PackedBatch
from dragoman.models.readouts.base import Floats, Readout
from dragoman.models.readouts.pool import pooled

__all__ = ["Directions", "ProbedReadout", "split_output"]


class Directions(Protocol):
    """What hidden vectors are projected on: `profiles.Probe`."""

    @property
    def key(self) -> str:
        """What tells these directions from others."""
        ...

    @property
    def directions(self) -> Floats:
        """`[directions, hidden]`."""
        ...


class ProbedReadout:
    """The numbers of another readout, `[D]`, and behind them the projections of the mean hidden state: `[D + 16]`.

    For readouts that give one row of numbers per text: classification and embeddings. `split_output` takes both apart.
    """

    def __init__(self, inner: Readout, probe: Directions) -> None:
        self.inner, self.probe = inner, probe
        self._columns = np.ascontiguousarray(probe.directions.T)  # [hidden, 16]

    @property
    def key(self) -> str:
        return f"{self.inner.key}+{self.probe.key}"

    def read(self, hidden: Floats, batch: PackedBatch, texts: Sequence[int]) -> list[Floats]:
        projections = pooled(hidden, batch, texts, "mean") @ self._columns
        answers = self.inner.read(hidden, batch, texts)
        return [np.concatenate(pair) for pair in zip(answers, projections, strict=True)]


def split_output(output: Floats, probe: Directions) -> tuple[Floats, Floats]:
    """What the inner readout gave, and the projections: the last axis is cut in two. Views, no copies."""
    count = len(probe.directions)
    return output[..., :-count], output[..., -count:]

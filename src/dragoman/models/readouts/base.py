"""The contract of readouts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dragoman.models.packing import PackedBatch

__all__ = ["Floats", "Ints", "Readout"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class Readout(Protocol):
    """Turns hidden states into the numbers of a task. Safe to share between threads.

    What it gives for a text follows from that text's rows alone. Texts are computed together, though, and a product of
    one row and of many may round differently: beside other texts a text has the same numbers within 1e-5, and as a rule
    1e-6, relative to the largest of them.
    """

    @property
    def key(self) -> str:
        """What tells this readout from others of the same checkpoint: its kind and settings."""
        ...

    def read(self, hidden: Floats, batch: PackedBatch, texts: Sequence[int]) -> list[Floats]:
        """One array per asked text, in the order asked, each owning its memory.

        `hidden` is `[T, hidden]`; `texts` are rows of the batch, which other readouts may share.
        """
        ...

"""A model as it will be served: the session, the readout, the tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.models.readouts import Readout
from dragoman.runtime.base import Session
from dragoman.text.tokenizer import Tokenizer
from dragoman.training.evaluation import predict_logits

__all__ = ["Served"]


class Served(NamedTuple):
    """What will answer."""

    session: Session
    readout: Readout
    tokenizer: Tokenizer
    first_position: int

    def read(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """What the readout says of at least one text, `[texts, D]`."""
        return predict_logits(self.session, self.readout, self.tokenizer, texts, first_position=self.first_position)

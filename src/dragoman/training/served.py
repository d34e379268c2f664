"""A model as it will be served: the session, the readout, the tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.models.readouts import Readout
from dragoman.models.tabular.schema import FeatureSchema
from dragoman.records import Example
from dragoman.runtime.base import Session
from dragoman.text.tokenizer import Tokenizer
from dragoman.training.evaluation import predict_logits
from dragoman.training.feature_rows import encode_examples

__all__ = ["Served"]


class Served(NamedTuple):
    """What will answer."""

    session: Session
    readout: Readout
    tokenizer: Tokenizer
    first_position: int
    schema: FeatureSchema | None = None  # of a model that reads features beside the text

    def read(self, examples: Sequence[Example]) -> NDArray[np.float32]:
        """What the readout says of at least one example, `[examples, D]`."""
        return predict_logits(
            self.session,
            self.readout,
            self.tokenizer,
            [example.text for example in examples],
            first_position=self.first_position,
            features=None if self.schema is None else encode_examples(self.schema, examples),
        )

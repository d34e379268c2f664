"""Readouts: from the encoder's hidden states to the numbers of a task, in numpy, float32."""

from __future__ import annotations

from dragoman.models.readouts.all_tokens import AllTokensReadout
from dragoman.models.readouts.base import Readout
from dragoman.models.readouts.choice import embedding_readout_of, readout_of
from dragoman.models.readouts.classification import ClassificationReadout
from dragoman.models.readouts.fused import FusedReadout
from dragoman.models.readouts.linear import Linear
from dragoman.models.readouts.mask import MaskReadout
from dragoman.models.readouts.pool import PoolReadout
from dragoman.models.readouts.span import SpanReadout
from dragoman.models.readouts.token import TokenReadout

__all__ = [
    "AllTokensReadout",
    "ClassificationReadout",
    "FusedReadout",
    "Linear",
    "MaskReadout",
    "PoolReadout",
    "Readout",
    "SpanReadout",
    "TokenReadout",
    "embedding_readout_of",
    "readout_of",
]

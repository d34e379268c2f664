"""Trimming a checkpoint to the pieces that its tokenizer keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from dragoman.errors import InvalidCheckpoint
from dragoman.models.checkpoint import Checkpoint
from dragoman.models.names import DECODER, WORD_TABLE

__all__ = ["trim_checkpoint"]

ROW_PER_PIECE = (WORD_TABLE, DECODER, "lm_head.bias")

Array = NDArray[Any]


def trim_checkpoint(checkpoint: Checkpoint, old_ids: Sequence[int]) -> Checkpoint:
    """The checkpoint whose word table has the rows `old_ids` only, in that order.

    Arrays that are read at each look-up stay so. Raises `InvalidCheckpoint` for an id without a row, and if the padding
    token would get another id: RoBERTa's positions are counted from it.
    """
    config, rows = checkpoint.config, np.asarray(old_ids, dtype=np.int64)
    pad = config.pad_token
    if pad >= len(rows) or rows[pad] != pad:
        raise InvalidCheckpoint(
            f"The padding token {pad} cannot keep its id in a trimmed vocabulary.", help="Tune without trimming."
        )
    if rows.min() < 0 or rows.max() >= config.vocabulary:
        raise InvalidCheckpoint(
            f"The tokenizer has the id {rows.max()}; the word table has {config.vocabulary} rows.",
            help="The tokenizer and the weights belong to different models; fetch the checkpoint again.",
        )
    smaller = msgspec.structs.replace(config, vocabulary=len(rows))
    return checkpoint._replace(config=smaller, arrays=TrimmedArrays(checkpoint.arrays, rows))


class TrimmedArrays(Mapping[str, Array]):
    """The arrays of a larger vocabulary, cut when they are looked up."""

    def __init__(self, arrays: Mapping[str, Array], rows: NDArray[np.int64]) -> None:
        self._arrays, self._rows = arrays, rows

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name][self._rows] if name in ROW_PER_PIECE else self._arrays[name]

    def __contains__(self, name: object) -> bool:
        return name in self._arrays

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

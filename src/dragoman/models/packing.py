"""Packed batches: all texts of a batch lie end to end, nothing is padded outside attention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["PackedBatch", "pack", "plan_batches"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

MASKED = -1e9  # far below any score, and finite: rows of nothing but padding stay finite in softmax


class PackedBatch(NamedTuple):
    """`B` texts of `T` tokens in all, the longest of `L` tokens.

    Only attention and pooling look at texts one by one: `slots` takes packed tokens to a `[B, L]` grid,
    `cells` takes the grid back.
    """

    input_ids: Ints  # [T]
    position_ids: Ints  # [T]
    slots: Ints  # [B, L] packed index of each cell; cells past a text's end repeat its first token
    cells: Ints  # [T] index of each token in the flattened grid
    mask: Floats  # [B, L] 0 for tokens, `MASKED` past the end
    first: Ints  # [B] packed index of each text's first token

    @property
    def texts(self) -> int:
        return len(self.first)


def pack(texts: Sequence[Sequence[int] | Ints], *, first_position: int) -> PackedBatch:
    """Pack the token ids of at least one text, each with at least one token."""
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    starts = np.cumsum(lengths) - lengths
    columns = np.arange(lengths.max())
    inside = columns < lengths[:, None]
    position_in_text = np.broadcast_to(columns, inside.shape)[inside]
    return PackedBatch(
        input_ids=np.concatenate([np.asarray(text, dtype=np.int64) for text in texts]),
        position_ids=position_in_text + first_position,
        slots=np.where(inside, starts[:, None] + columns, starts[:, None]),
        cells=np.flatnonzero(inside),
        mask=np.where(inside, 0.0, MASKED).astype(np.float32),
        first=starts,
    )


def plan_batches(
    lengths: Sequence[int] | Ints, *, max_tokens: int, order: Sequence[int] | Ints | None = None
) -> Iterator[list[int]]:
    """Cut `order` (default: shortest first) into batches of at most `max_tokens` tokens, at least one text each."""
    indices = np.argsort(np.asarray(lengths), kind="stable") if order is None else order
    batch: list[int] = []
    tokens = 0
    for index in indices:
        if batch and tokens + lengths[index] > max_tokens:
            yield batch
            batch, tokens = [], 0
        batch.append(int(index))
        tokens += int(lengths[index])
    if batch:
        yield batch

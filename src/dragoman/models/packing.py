"""Packed batches: all texts of a batch lie end to end, nothing is padded outside attention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Grid", "PackedBatch", "pack", "plan_batches"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

MASKED = -1e9  # far below any score, and finite: rows of nothing but padding stay finite in softmax


class Grid(NamedTuple):
    """The way from `T` packed tokens to a padded grid `[B, L]` and back, for sessions whose attention pads."""

    slots: Ints  # [B, L] packed index of each cell; cells past a text's end repeat its first token
    cells: Ints  # [T] index of each token in the flattened grid
    mask: Floats  # [B, L] 0 for tokens, `MASKED` past the end


@dataclass(frozen=True, eq=False)
class PackedBatch:
    """`B` texts of `T` tokens in all."""

    input_ids: Ints  # [T]
    position_ids: Ints  # [T] rows of the position table
    type_ids: Ints  # [T] token types: 1 in the second text of a BERT pair, else 0
    first: Ints  # [B] packed index of each text's first token
    features: Sequence[Floats | None] | None = None  # [B] of [columns], where texts have any; NaN for what is missing

    @property
    def texts(self) -> int:
        return len(self.first)

    @property
    def tokens(self) -> int:
        return len(self.input_ids)

    @property
    def lengths(self) -> Ints:
        """Tokens of each text, `[B]`."""
        return np.diff(self.first, append=self.tokens)

    @cached_property
    def grid(self) -> Grid:
        columns = np.arange(self.lengths.max())
        inside = columns < self.lengths[:, None]
        starts = self.first[:, None]
        return Grid(
            slots=np.where(inside, starts + columns, starts),
            cells=np.flatnonzero(inside),
            mask=np.where(inside, 0.0, MASKED).astype(np.float32),
        )


def pack(
    texts: Sequence[Sequence[int] | Ints],
    *,
    first_position: int,
    types: Sequence[Sequence[int] | None] | None = None,
    features: Sequence[Floats | None] | None = None,
) -> PackedBatch:
    """Pack the token ids of at least one text, each with at least one token.

    `types` gives the token types of each text; None, for a text or for all, means zeros. `features` are handed on.
    """
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    first = np.cumsum(lengths) - lengths
    tokens = int(lengths.sum())
    type_ids = np.zeros(tokens, dtype=np.int64)
    for start, length, given in zip(first, lengths, types or (), strict=False):
        if given is not None:
            type_ids[start : start + length] = given
    return PackedBatch(
        input_ids=np.concatenate([np.asarray(text, dtype=np.int64) for text in texts]),
        position_ids=np.arange(tokens) - np.repeat(first, lengths) + first_position,
        type_ids=type_ids,
        first=first,
        features=features,
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

"""A packed batch on the way to a device: one buffer of 32-bit integers, so that one copy takes it there."""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dragoman.models.packing import PackedBatch

__all__ = ["ATTENTION_ROWS", "DeviceBatch", "DeviceGrid", "Layout"]

ATTENTION_ROWS = 64  # tokens of one text that one attention block handles
ALIGNMENT = 4  # integers: each part starts at a multiple of 16 bytes, as wide loads require

Int32s = NDArray[np.int32]


class DeviceGrid(NamedTuple):
    """A batch's `Grid`, for attention that pads."""

    slots: Tensor  # [B, L] int64
    cells: Tensor  # [T] int64
    mask: Tensor  # [B, 1, 1, L] in the working type

    @classmethod
    def of(cls, batch: PackedBatch, *, device: torch.device, dtype: torch.dtype) -> Self:
        slots, cells, mask = (torch.from_numpy(array).to(device) for array in batch.grid)
        return cls(slots, cells, mask[:, None, None, :].to(dtype))


class DeviceBatch(NamedTuple):
    """A `PackedBatch` as int32 tensors on a device."""

    input_ids: Tensor  # [T]
    position_ids: Tensor  # [T]
    type_ids: Tensor  # [T]
    ends: Tensor  # [B + 1] 0, then where each text ends
    block_text: Tensor  # [W] the text of each attention block
    block_number: Tensor  # [W] which block of its text it is
    longest: int  # tokens of the longest text
    grid: DeviceGrid | None = None


class Layout(NamedTuple):
    """Places of a batch's parts in the buffer. A batch smaller than its layout is filled up with empty texts."""

    tokens: int
    texts: int
    blocks: int
    longest: int

    @classmethod
    def of(cls, batch: PackedBatch) -> Self:
        lengths = batch.lengths
        return cls(batch.tokens, batch.texts, int(blocks_of(lengths).sum()), int(lengths.max()))

    @classmethod
    def up_to(cls, *, tokens: int, texts: int) -> Self:
        """Room for every batch of at most so many tokens and texts, and for one empty text."""
        return cls(tokens, texts + 1, tokens // ATTENTION_ROWS + texts, tokens)

    @property
    def starts(self) -> list[int]:
        """Where each part starts, and the size of the buffer."""
        sizes = (self.tokens, self.tokens, self.tokens, self.texts + 1, self.blocks, self.blocks)
        return [0, *accumulate(-(-size // ALIGNMENT) * ALIGNMENT for size in sizes)]

    def write(self, batch: PackedBatch, buffer: Int32s) -> None:
        """Put a batch's parts where they belong. What is past its tokens stays as it is, and reaches no answer."""
        ids, positions, types, ends, text, number = (buffer[start:] for start in self.starts[:-1])
        ids[: batch.tokens] = batch.input_ids
        positions[: batch.tokens] = batch.position_ids
        types[: batch.tokens] = batch.type_ids
        ends[: batch.texts] = batch.first
        ends[batch.texts : self.texts + 1] = batch.tokens
        counts = blocks_of(batch.lengths)
        used = int(counts.sum())
        text[:used] = np.repeat(np.arange(batch.texts), counts)
        number[:used] = np.arange(used) - np.repeat(np.cumsum(counts) - counts, counts)
        text[used : self.blocks] = self.texts - 1  # the empty text of `up_to`
        number[used : self.blocks] = 0

    def read(self, buffer: Tensor, *, grid: DeviceGrid | None = None) -> DeviceBatch:
        """The parts of a buffer, as views."""
        ids, positions, types, ends, text, number = (buffer[start:] for start in self.starts[:-1])
        return DeviceBatch(
            ids[: self.tokens],
            positions[: self.tokens],
            types[: self.tokens],
            ends[: self.texts + 1],
            text[: self.blocks],
            number[: self.blocks],
            self.longest,
            grid,
        )


def blocks_of(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Attention blocks of each text."""
    return -(-lengths // ATTENTION_ROWS)

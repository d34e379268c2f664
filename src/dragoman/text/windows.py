"""Windows: a long text cut into overlapping runs of tokens, and whose say counts where they overlap."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dragoman.errors import InvalidRequest

__all__ = ["covers", "owned", "shares", "windows"]


def windows(length: int, *, size: int, stride: int) -> list[range]:
    """Token ranges of at most `size` tokens that cover a text of `length`; neighbours share `stride` tokens.

    This is the `doc_stride` of question answering in `transformers`. The last window reaches the end and may be
    shorter; a text that fits has one window, an empty text one empty window. Raises `InvalidRequest` unless
    `0 <= stride < size`: windows must move on.
    """
    if not 0 <= stride < size:
        raise InvalidRequest(
            f"The stride is {stride}, and a window holds {size} tokens of the text.",
            help=f"give a stride from 0 to {size - 1}." if size > 0 else "shorten what stands beside the text.",
        )
    step = size - stride
    count = 1 + max(0, -((size - length) // step))
    return [range(start, min(start + size, length)) for start in range(0, count * step, step)]


def owned(parts: Sequence[range]) -> list[range]:
    """The tokens for which each window decides: those that stand more centrally in it than in any other.

    `parts` are the windows of one text. The ranges are a partition of the text. The text's own ends are no edges: a
    token there lacks no context.
    """
    borders = [(before.stop + after.start + 1) // 2 for before, after in pairwise(parts)]
    return [range(*edges) for edges in pairwise([parts[0].start, *borders, parts[-1].stop])]


def covers(parts: Sequence[range], length: int) -> bool:
    """Whether the windows reach from the first to the last token of a text of `length`: nothing of it was cut off."""
    return parts[0].start == 0 and parts[-1].stop == length


def shares(parts: Sequence[range]) -> NDArray[np.float64]:
    """The share of the text's tokens that each window owns, `[windows]`, with sum 1: weights for an average."""
    if len(parts) == 1:
        return np.ones(1)
    counts = np.array([len(part) for part in owned(parts)], dtype=np.float64)
    whole: float = counts.sum()
    return counts / whole

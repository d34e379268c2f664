"""The best span between a start and an end that a model has scored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["TokenSpan", "best_span"]

Scores = NDArray[np.float64]


class TokenSpan(NamedTuple):
    """An answer in tokens: from `first` to `last`, both included."""

    first: int
    last: int
    score: float


def best_span(starts: Scores, ends: Scores, *, longest: int, has_text: Sequence[bool]) -> TokenSpan | None:
    """The span of at most `longest` tokens with the highest product of its start's and end's scores, both `[tokens]`.

    Only spans with a token that holds text count. Of equals, the one that begins first, then the shorter one.
    """
    before = np.concatenate([[0], np.cumsum(has_text)])
    best: TokenSpan | None = None
    for length in range(1, min(longest, len(starts)) + 1):
        products = starts[: len(starts) - length + 1] * ends[length - 1 :]
        products = np.where(before[length:] > before[:-length], products, -1.0)
        first = int(products.argmax())
        found = TokenSpan(first, first + length - 1, float(products[first]))
        if found.score >= 0 and (best is None or (-found.score, found.first) < (-best.score, best.first)):
            best = found
    return best

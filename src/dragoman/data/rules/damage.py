"""Encoding damage: U+FFFD, and UTF-8 that was read as Latin-1 or Windows-1252, once or twice (mojibake)."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dragoman.data.rules.base import RowRule, on_values
from dragoman.data.rules.damage_pattern import DAMAGE
from dragoman.data.rules.masks import Mask, mask_of
from dragoman.data.rules.rows import Column
from dragoman.data.rules.utf8 import Bytes, mark_rows

__all__ = ["not_damaged"]

Places = NDArray[np.int64]
FOLLOWING = np.isin(np.arange(256), [0xC2, 0xC5, 0xC6, 0xCB, 0xE2])  # first bytes of what stands for 80 to BF


def not_damaged(column: str) -> RowRule:
    """No text shows encoding damage."""
    return RowRule("damage", f"'{column}' has no encoding damage", (column,), on_values(column, _damaged))


def _damaged(column: Column) -> Mask:
    data, starts = column.text
    found = mark_rows(_replacements(data), starts)
    possible = mark_rows(_pairs(data), starts) & ~found
    for pattern in DAMAGE:
        if possible.any():
            texts = column.values.filter(pa.array(possible))
            found[possible] = mask_of(pc.match_substring_regex(texts, pattern))
            possible &= ~found
    return found


def _replacements(data: Bytes) -> Places:
    """Where U+FFFD begins: EF BF BD."""
    leads = np.flatnonzero(data == 0xEF)
    return np.asarray(leads[(data[leads + 1] == 0xBF) & (data[leads + 2] == 0xBD)])


def _pairs(data: Bytes) -> Places:
    """Where a letter from `Â` to `ô` begins that a character standing for 80 to BF follows. Few texts have any."""
    leads = np.flatnonzero(data == 0xC3)
    leads = leads[leads < len(data) - 2]
    following = FOLLOWING[data[leads + 2]] & (data[leads + 1] >= 0x82) & (data[leads + 1] <= 0xB4)
    return leads[following]

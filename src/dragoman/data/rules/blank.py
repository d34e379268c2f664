"""Texts with nothing to see in them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dragoman.data.rules.base import RowRule, on_values
from dragoman.data.rules.masks import Mask, mask_of
from dragoman.data.rules.rows import Column

__all__ = ["INVISIBLE", "not_blank"]

# Besides spaces, line ends and controls: soft hyphen, fillers, zero-width and direction marks, the empty Braille cell.
INVISIBLE = (
    r"\x{AD}\x{115F}\x{1160}\x{180E}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{206F}\x{2800}\x{3164}\x{FEFF}\x{FFA0}"
)
BLANK = rf"\A[\p{{Z}}\p{{Cc}}{INVISIBLE}]*\z"
FIRST_BYTES = np.isin(np.arange(256), [*range(0x21), 0x7F, 0xC2, 0xE1, 0xE2, 0xE3, 0xEF])  # that such a text may have


def not_blank(column: str) -> RowRule:
    """No text is empty, or made of spaces and invisible characters alone."""
    return RowRule("blank", f"'{column}' is not blank", (column,), on_values(column, _blank))


def _blank(column: Column) -> Mask:
    data, starts = column.text
    possible: Mask = starts[1:] == starts[:-1]
    filled = np.flatnonzero(~possible)
    possible[filled] = FIRST_BYTES[data[starts[filled]]]
    if possible.any():
        texts = column.values.filter(pa.array(possible))
        possible[possible] = mask_of(pc.match_substring_regex(texts, BLANK))
    return possible

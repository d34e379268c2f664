"""Control characters in texts."""

from __future__ import annotations

import numpy as np

from dragoman.data.rules.base import RowRule, on_values
from dragoman.data.rules.masks import Mask
from dragoman.data.rules.rows import Column
from dragoman.data.rules.utf8 import mark_rows

__all__ = ["no_controls"]

SPACE, DELETE, TAB, LINE_FEED, CARRIAGE_RETURN = 0x20, 0x7F, 0x09, 0x0A, 0x0D
C1_LEAD, C1_FIRST, C1_LAST = 0xC2, 0x80, 0x9F  # U+0080 to U+009F in UTF-8


def no_controls(column: str) -> RowRule:
    """No text has control characters (general category Cc) other than tab, line feed and carriage return."""
    return RowRule("control", f"'{column}' has no control characters", (column,), on_values(column, _controlled))


def _controlled(column: Column) -> Mask:
    data, starts = column.text
    low = data < SPACE
    found = data == DELETE
    if low.any():
        found |= low & (data != TAB) & (data != LINE_FEED) & (data != CARRIAGE_RETURN)
    places = np.flatnonzero(found)
    leads = np.flatnonzero(data == C1_LEAD)
    following = data[leads + 1]
    c1 = leads[(following >= C1_FIRST) & (following <= C1_LAST)]
    return mark_rows(np.concatenate([places, c1]), starts)

"""Where a span stands, in the unit that the caller's language counts in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

__all__ = ["Unit", "in_unit"]

Unit = Literal["codepoint", "utf16", "byte"]

FIRST_OF_TWO_UNITS = 0x10000  # code points from here on are two units in UTF-16
LONGER_FROM = (0x80, 0x800, 0x10000)  # code points from here on are a byte longer in UTF-8


def in_unit(text: str, unit: Unit) -> Callable[[int], int]:
    """From a position in code points to code points (Python), UTF-16 units (JavaScript, Java) or bytes of UTF-8."""
    if unit == "codepoint" or text.isascii():
        return lambda position: position
    codes = np.frombuffer(text.encode("utf-32-le"), dtype="<u4")
    steps = (FIRST_OF_TWO_UNITS,) if unit == "utf16" else LONGER_FROM
    widths = 1 + sum((codes >= step).astype(np.int64) for step in steps)
    ends = np.concatenate([[0], np.cumsum(widths)])
    return lambda position: int(ends[position])

"""Lengths of windows as text."""

from __future__ import annotations

__all__ = ["duration_text"]

UNITS = (("d", 86_400_000_000), ("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000))


def duration_text(microseconds: int) -> str:
    """A window as text with the largest unit that divides it; the same for "24h" and "1d"."""
    for name, size in UNITS:
        if microseconds % size == 0:
            return f"{microseconds // size}{name}"
    return f"{microseconds}us"

"""Lengths of time as people write them: "90min", "30d"."""

from __future__ import annotations

import re

__all__ = ["DURATION_PATTERN", "SECOND", "UNITS", "microseconds_of"]

SECOND = 1_000_000  # microseconds
UNITS = {"s": SECOND, "min": 60 * SECOND, "h": 3_600 * SECOND, "d": 86_400 * SECOND, "w": 604_800 * SECOND}
DURATION_PATTERN = r"^[1-9][0-9]{0,5}(s|min|h|d|w)$(?!\n)"
DURATION = re.compile(r"(?P<number>[1-9][0-9]{0,5})(?P<unit>s|min|h|d|w)\Z")


def microseconds_of(text: str) -> int | None:
    """Of a whole number with a unit; None for anything else."""
    match = DURATION.match(text)
    return int(match["number"]) * UNITS[match["unit"]] if match else None

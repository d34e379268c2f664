"""Values and intervals of KPIs as short words."""

from __future__ import annotations

import math

from dragoman.records import Interval

__all__ = ["between", "decimals"]

MOST_DECIMALS = 9


def decimals(interval: Interval | None) -> int:
    """So many that three digits of the interval's width are seen: more would pretend to know them."""
    width = 0.0 if interval is None else interval.high - interval.low
    return min(max(2 - math.floor(math.log10(width)), 0), MOST_DECIMALS) if width > 0 else 4


def between(interval: Interval | None, *, sign: str = "") -> str:
    """`0.598 to 0.611`; with "+" as the sign, `-0.013 to +0.004`."""
    if interval is None:
        return ""
    places = decimals(interval)
    return f"{interval.low:{sign},.{places}f} to {interval.high:{sign},.{places}f}"

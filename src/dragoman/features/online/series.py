"""What an aggregate is over the last events of a row, for every number of events: the answer of any window, ready.

Events are sorted by time. A window that ends now holds the events from some place on, so the answer of a window is
found by its first place: there is one answer per place, and one more for no event.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

__all__ = ["Packed", "answer_at", "packed"]

Packed = Sequence[Any]  # ("d", floats) | ("q", integers, how many are not null) | ("r", first places, answers)

FLOAT, INTEGER = struct.Struct("=d"), struct.Struct("=q")
NULL = float("nan")  # no answer is one


def packed(answers: Sequence[Any]) -> Packed:
    """Answers by place as bytes: numbers one by one, anything else, or what changes seldom, as runs."""
    firsts = [place for place, answer in enumerate(answers) if place == 0 or _differ(answer, answers[place - 1])]
    if 2 * len(firsts) > len(answers):
        if all(type(answer) is float or answer is None for answer in answers):
            return "d", array("d", [NULL if answer is None else answer for answer in answers]).tobytes()
        known = len(answers) - next((n for n, answer in enumerate(reversed(answers)) if answer is not None), 0)
        if all(type(answer) is int for answer in answers[:known]):
            return "q", array("q", answers[:known]).tobytes(), known
    return "r", array("I", firsts).tobytes(), [answers[place] for place in firsts]


def answer_at(series: Packed, place: int) -> Any:
    """The answer of the events from a place on."""
    kind, data = series[0], series[1]
    if kind == "d":
        (number,) = FLOAT.unpack_from(data, 8 * place)
        return number if number == number else None  # noqa: PLR0124 - NaN is the one that is not itself
    if kind == "q":
        return INTEGER.unpack_from(data, 8 * place)[0] if place < series[2] else None
    return series[2][bisect_right(memoryview(data).cast("I"), place) - 1]


def _differ(first: Any, second: Any) -> bool:
    """0.0 and -0.0, or 1 and True, are not the same answer."""
    return type(first) is not type(second) or first != second or (first == 0 and str(first) != str(second))

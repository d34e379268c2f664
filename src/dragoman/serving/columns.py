"""What callers may give as the value of a column."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from dragoman.errors import InvalidRequest
from dragoman.records import FeatureColumn
from dragoman.serving.suggestion import shown, suggest
from dragoman.text.normalization import find_lone_surrogate

__all__ = ["MOST_CHARACTERS", "check_values", "problem_of"]

MOST_CHARACTERS = 1_000  # of a category: one that training has seen is far shorter
LARGEST_WHOLE = 2**63


def check_values(place: str, given: Mapping[str, Any], columns: Mapping[str, FeatureColumn]) -> None:
    """Check the values of one input, called `place` in messages; None says that a value is not known.

    Raises `InvalidRequest` for a column that is not there, and for a value of the wrong type.
    """
    for name, value in given.items():
        column = columns.get(name)
        if column is None:
            raise InvalidRequest(f"{place} has an unknown column {shown(str(name))}.", help=_nearest(name, columns))
        if value is not None and (problem := problem_of(column, value)):
            raise InvalidRequest(
                f"The column '{name}' of {place[0].lower()}{place[1:]} {problem}.",
                help="give it as it was in training; null, or no value, says that it is not known.",
            )


def problem_of(column: FeatureColumn, value: Any) -> str:
    """What is wrong with a value, as the end of a sentence; empty if nothing is."""
    if isinstance(value, np.generic):
        value = value.item()
    return _problem_of_number(value) if column.kind == "number" else _problem_of_category(value)


def _problem_of_number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"is of type {type(value).__name__}, not a number"
    if isinstance(value, int):
        return "" if abs(value) < LARGEST_WHOLE else "is a whole number of more than 64 bits"
    return "" if math.isfinite(value) else f"is {value}"


def _problem_of_category(value: Any) -> str:
    if isinstance(value, str):
        if len(value) > MOST_CHARACTERS:
            return f"has {len(value)} characters; at most {MOST_CHARACTERS} are accepted"
        return "has half of a surrogate pair" if find_lone_surrogate(value) >= 0 else ""
    if isinstance(value, float):
        return "" if value.is_integer() else f"is {value}, not a whole number, a text or a boolean"
    if isinstance(value, int):
        return "" if abs(value) < LARGEST_WHOLE else "is a whole number of more than 64 bits"
    return f"is of type {type(value).__name__}, not a text, a boolean or a whole number"


def _nearest(name: Any, valid: Collection[str]) -> str:
    return suggest(str(name), valid)

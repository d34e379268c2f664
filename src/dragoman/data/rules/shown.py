"""Values as people see them: on one line, printable, and not too long, since they may be personal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

__all__ = ["SHOWN_CHARACTERS", "listed", "shown", "shown_at"]

SHOWN_CHARACTERS = 40
SHOWN_VALUES = 5


def shown(value: Any) -> str:
    """A value as JSON would write it, cut after 40 characters; what cannot be printed is escaped."""
    if isinstance(value, bytes):
        value = value.decode(errors="backslashreplace")
    if isinstance(value, str):
        short = value if len(value) <= SHOWN_CHARACTERS else value[:SHOWN_CHARACTERS] + "…"
        return "".join(map(_printable, json.dumps(short, ensure_ascii=False)))
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    text = value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"


def _printable(char: str) -> str:
    return char if char.isprintable() else json.dumps(char)[1:-1]


def shown_at(array: pa.Array, row: int) -> str:
    """The value of a row of any Arrow array, even if its text is no UTF-8."""
    one = array.slice(row, 1)
    if pa.types.is_dictionary(one.type):
        one = one.cast(one.type.value_type)
    kind = one.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        one = one.cast(pa.large_binary())
    if pa.types.is_timestamp(kind) and one[0].is_valid:
        return str(one.cast(pa.string())[0])[:SHOWN_CHARACTERS]
    try:
        return shown(one[0].as_py())
    except (ArithmeticError, ValueError):  # a date that no Python object holds, or bad text in a list
        return f"a value of type {kind}"


def listed(values: Sequence[Any]) -> str:
    """A set in words: the first few of many."""
    words = [shown(value) for value in values[:SHOWN_VALUES]]
    rest = len(values) - SHOWN_VALUES
    return f"{', '.join(words)} and {rest} more" if rest > 0 else ", ".join(words)

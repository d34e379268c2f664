"""What passes from a row into an expression: the same as in `sql.COLUMNS`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from dragoman.features.expressions.types import LEAST_INTEGER, LEAST_TIME, MOST_INTEGER, MOST_TIME, Type
from dragoman.features.times import moment_of

__all__ = ["BORDERS", "Border"]

Border = Callable[[Any], Any]  # raises ValueError for a value of another type


def _number(value: Any) -> float | None:
    """A float; what is not finite is None. Integers beyond 64 bits have no column that could hold them."""
    if type(value) is not float:
        if type(value) is int:
            value = float(value) if LEAST_INTEGER <= value <= MOST_INTEGER else math.inf
        elif type(value) is Decimal:
            value = float(value)
        else:
            raise ValueError
    return value if math.isfinite(value) else None


def _integer(value: Any) -> int | None:
    """An int; None beyond 64 bits."""
    if type(value) is not int:
        raise ValueError
    return value if LEAST_INTEGER <= value <= MOST_INTEGER else None


def _boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError
    return value


def _string(value: Any) -> str | None:
    """A text; None for one with lone surrogates, which is no Unicode."""
    if type(value) is not str:
        raise ValueError
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return None
    return value


def _time(value: Any) -> int | None:
    """Microseconds since 1970, from an int, a datetime, a date or ISO 8601; None outside of the years 1 to 9999."""
    if type(value) is not int:
        if not isinstance(value, (str, date)):
            raise ValueError
        value = moment_of(value)
    return value if LEAST_TIME <= value <= MOST_TIME else None


BORDERS: Mapping[Type, Border] = {
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "string": _string,
    "time": _time,
}

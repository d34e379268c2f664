"""Values that stand in an expression."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

from dragoman.errors import InvalidSpec
from dragoman.features.expressions.nodes import Value
from dragoman.features.expressions.types import LEAST_INTEGER, LEAST_TIME, MOST_INTEGER, MOST_TIME, Constant, Type
from dragoman.features.times import moment_of

__all__ = ["constant_type", "require_constant", "same_constants", "value_of"]


def value_of(given: Any) -> Value:
    """A constant as a node. Raises `InvalidSpec` for what can be none: None, infinity, a list."""
    if isinstance(given, date):
        moment = moment_of(given)
        if moment is None or not LEAST_TIME <= moment <= MOST_TIME:
            raise InvalidSpec(f"The time {given} is out of range.", help="Give one of the years 1 to 9999 in UTC.")
        return Value(type="time", value=moment)
    constant = require_constant(given)
    return Value(type=constant_type(constant), value=constant)


def constant_type(constant: Constant) -> Type:
    """The type of a constant that is no time."""
    if isinstance(constant, bool):
        return "boolean"
    if isinstance(constant, str):
        return "string"
    return "integer" if isinstance(constant, int) else "number"


def require_constant(given: Any) -> Constant:
    """The value, if an expression can hold it; -0.0 becomes 0.0. Raises `InvalidSpec`."""
    if type(given) is float and math.isfinite(given):
        return given + 0.0
    if type(given) is int and LEAST_INTEGER <= given <= MOST_INTEGER:
        return given
    if type(given) is bool or (type(given) is str and _is_text(given)):
        return given
    raise InvalidSpec(
        f"{given!r} ({type(given).__name__}) cannot stand in an expression.",
        help="Give a finite float, an int of 64 bits, a bool, a str or a datetime; a value that is missing is asked "
        "for with is_null() and made with if_else(condition, value).",
    )


def same_constants(given: tuple[Any, ...], *, what: str) -> tuple[Constant, ...]:
    """Constants of one type; integers beside floats become floats. Raises `InvalidSpec` for none or a mixture."""
    constants = tuple(require_constant(one) for one in given)
    types = {constant_type(one) for one in constants}
    if types == {"integer", "number"}:
        return tuple(float(one) for one in constants)
    if len(types) != 1:
        raise InvalidSpec(f"{what} has {list(constants)}.", help="Give at least one value, and values of one type.")
    return constants


def _is_text(given: str) -> bool:
    """Whether it has no lone surrogates, which no column can hold."""
    return given.isascii() or given.encode("utf-8", "replace").decode() == given

"""Functions that begin an expression."""

from __future__ import annotations

from typing import Any

from dragoman.errors import InvalidSpec
from dragoman.features.expressions.constants import value_of
from dragoman.features.expressions.expression import Expression
from dragoman.features.expressions.nodes import Aggregate, Call, Column
from dragoman.features.expressions.operators import Operand, node_of

__all__ = ["coalesce", "col", "concat", "count", "days_since", "hours_since", "if_else", "lit"]


def col(name: str) -> Expression:
    """A column of the source."""
    if not isinstance(name, str) or not name:
        raise InvalidSpec(f"A column is called {name!r}.", help='Give its name: col("amount").')
    return Expression(Column(name=name))


def lit(value: Any) -> Expression:
    """A constant: a float, an int, a bool, a str, a date or a datetime (without a zone it is in UTC)."""
    return Expression(value_of(value))


def count() -> Expression:
    """How many events there are."""
    return Expression(Aggregate(kind="count"))


def if_else(condition: Operand, then: Operand, otherwise: Operand = None) -> Expression:
    """`then` where the condition is true; where it is false or null `otherwise`, which is null if not given."""
    return _call("if_else", condition, then) if otherwise is None else _call("if_else", condition, then, otherwise)


def coalesce(*operands: Operand) -> Expression:
    """The first that is not null."""
    _require_several("coalesce", operands)
    return _call("coalesce", *operands)


def concat(*operands: Operand) -> Expression:
    """Texts one after the other; null where one is null."""
    _require_several("concat", operands)
    return _call("concat", *operands)


def hours_since(time: Operand) -> Expression:
    """Hours from a time to when it is asked; stands outside of aggregates only."""
    return _call("hours_since", time)


def days_since(time: Operand) -> Expression:
    """Days of 24 hours from a time to when it is asked; stands outside of aggregates only."""
    return _call("days_since", time)


def _require_several(name: str, operands: tuple[Operand, ...]) -> None:
    if len(operands) < 2:
        raise InvalidSpec(f"{name} has {len(operands)} arguments.", help="Give two or more.")


def _call(function: str, *operands: Operand) -> Expression:
    return Expression(Call(function=function, arguments=tuple(map(node_of, operands))))

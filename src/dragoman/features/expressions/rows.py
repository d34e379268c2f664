"""Expressions as functions of one row: closures over closures, without a look at a type."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from dragoman.errors import InvalidData
from dragoman.features.expressions.borders import BORDERS
from dragoman.features.expressions.function import RowFunction
from dragoman.features.expressions.nodes import Aggregate, Column, Node, Value
from dragoman.features.expressions.soundness import require_outer
from dragoman.features.expressions.typed import Typed, aggregate_type, typed
from dragoman.features.expressions.types import Type

__all__ = ["InnerRow", "ScalarRow", "row_aggregate", "row_inner", "row_scalar"]

InnerRow = Callable[[Mapping[str, Any]], Any]  # the columns of one event
ScalarRow = Callable[[Mapping[Aggregate, Any], int], Any]  # the aggregates' values, the time of asking
Compute = Callable[[Any, int], Any]
Leaf = Callable[[Typed], Compute]


def row_inner(node: Node, columns: Mapping[str, Type]) -> InnerRow:
    """What stands inside of an aggregate, as a function of one event's columns; one that is not there is null.

    Values as plain Python: float or int for a number, int, bool, str; int (microseconds since 1970), datetime or
    ISO 8601 text for a time. The function raises `InvalidData` for a value of another type. Raises `InvalidSpec`.
    """
    compute = _rooted(typed(node, columns), _column)
    return lambda row: compute(row, 0)


def row_aggregate(aggregate: Aggregate, columns: Mapping[str, Type]) -> InnerRow:
    """What one event adds to an aggregate, None where that is nothing; an event that is counted is True.

    Rows and errors as in `row_inner`.
    """
    aggregate_type(aggregate, columns)
    value: InnerRow = (lambda row: True) if aggregate.of is None else row_inner(aggregate.of, columns)
    if aggregate.where is None:
        return value
    where = row_inner(aggregate.where, columns)
    return lambda row: value(row) if where(row) else None


def row_scalar(node: Node, columns: Mapping[str, Type]) -> ScalarRow:
    """What stands outside of aggregates, as a function of their values and the time of asking in microseconds.

    Raises `InvalidSpec`.
    """
    require_outer(node)
    return _rooted(typed(node, columns), _found)


def _rooted(node: Typed, leaf: Leaf) -> Compute:
    """A zero loses its sign."""
    compute = _compile(node, leaf)
    if node.type != "number":
        return compute

    def unsigned(row: Any, now: int) -> float | None:
        value = compute(row, now)
        return None if value is None else value + 0.0

    return unsigned


def _compile(node: Typed, leaf: Leaf) -> Compute:
    if isinstance(node.node, Value):
        value = node.node.value
        return lambda row, now: value
    if node.node is None:
        return lambda row, now: now
    if node.overload is None:
        return leaf(node)
    function = node.overload.row(node.constants)
    parts = [_compile(part, leaf) for part in node.parts]
    if not node.overload.strict:
        return lambda row, now: function(*[part(row, now) for part in parts])
    return _strict(_finite(function) if node.overload.finite else function, parts)


def _strict(function: RowFunction, parts: list[Compute]) -> Compute:
    """The function of values that are all there."""
    if len(parts) == 1:
        return _of_one(function, parts[0])
    if len(parts) == 2:
        return _of_two(function, *parts)

    def several(row: Any, now: int) -> Any:
        values = [part(row, now) for part in parts]
        return None if any(value is None for value in values) else function(*values)

    return several


def _of_one(function: RowFunction, part: Compute) -> Compute:
    def one(row: Any, now: int) -> Any:
        value = part(row, now)
        return None if value is None else function(value)

    return one


def _of_two(function: RowFunction, left: Compute, right: Compute) -> Compute:
    def two(row: Any, now: int) -> Any:
        first = left(row, now)
        if first is None:
            return None
        second = right(row, now)
        return None if second is None else function(first, second)

    return two


def _finite(function: RowFunction) -> RowFunction:
    def finite(*values: Any) -> float | None:
        value = function(*values)
        return value if value is not None and math.isfinite(value) else None

    return finite


def _column(leaf: Typed) -> Compute:
    assert isinstance(leaf.node, Column)
    name, type, border = leaf.node.name, leaf.type, BORDERS[leaf.type]

    def column(row: Mapping[str, Any], now: int) -> Any:
        value = row.get(name)
        try:
            return None if value is None else border(value)
        except ValueError:
            raise InvalidData(
                f"The column '{name}' is {value!r}, which is no {type}.", help="Correct the event."
            ) from None

    return column


def _found(leaf: Typed) -> Compute:
    aggregate = leaf.node
    return lambda values, now: values[aggregate]

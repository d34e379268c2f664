"""Expressions as SQL for DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dragoman.data.sql import quoted
from dragoman.features.expressions.literals import literal
from dragoman.features.expressions.nodes import Aggregate, Column, Node, Value
from dragoman.features.expressions.soundness import require_outer
from dragoman.features.expressions.sql_once import finite
from dragoman.features.expressions.typed import Typed, aggregate_type, typed
from dragoman.features.expressions.types import LEAST_TIME, MOST_TIME, Type

__all__ = ["sql_aggregate", "sql_inner", "sql_scalar"]

Leaf = Callable[[Typed], str]
COLUMNS: Mapping[Type, str] = {  # what passes the border into an expression
    "number": "(CASE WHEN isfinite(CAST({0} AS DOUBLE)) THEN CAST({0} AS DOUBLE) END)",
    "integer": "TRY_CAST({0} AS BIGINT)",
    "boolean": "CAST({0} AS BOOLEAN)",
    "string": "CAST({0} AS VARCHAR)",
    "time": f"(CASE WHEN epoch_us({{0}}) BETWEEN {LEAST_TIME} AND {MOST_TIME} THEN epoch_us({{0}}) END)",
}


def sql_inner(node: Node, columns: Mapping[str, Type], names: Mapping[str, str] | None = None) -> str:
    """What stands inside of an aggregate, as SQL over the rows of a source.

    `names` says what a column is called in SQL, where that is not its own name. Numbers are DOUBLE, integers BIGINT,
    strings VARCHAR, and times BIGINT of microseconds since 1970. Raises `InvalidSpec`.
    """
    return _rooted(typed(node, columns), lambda leaf: _column(leaf, names or {}))


def sql_aggregate(aggregate: Aggregate, columns: Mapping[str, Type], names: Mapping[str, str] | None = None) -> str:
    """What one row of a source adds to an aggregate, null where that is nothing; a row that is counted is true.

    Names and types as in `sql_inner`. Raises `InvalidSpec`.
    """
    aggregate_type(aggregate, columns)
    value = "true" if aggregate.of is None else sql_inner(aggregate.of, columns, names)
    if aggregate.where is None:
        return value
    return f"(CASE WHEN {sql_inner(aggregate.where, columns, names)} THEN {value} END)"


def sql_scalar(node: Node, columns: Mapping[str, Type], names: Mapping[Aggregate, str], now: str) -> str:
    """What stands outside of aggregates, as SQL over columns that hold their values.

    `names` gives the SQL of each aggregate's value, of the SQL type of its own type as `sql_inner` has it; `now` that
    of the time of asking, BIGINT of microseconds. Raises `InvalidSpec`.
    """
    require_outer(node)
    return _rooted(typed(node, columns), lambda leaf: _found(leaf, names, now))


def _rooted(node: Typed, leaf: Leaf) -> str:
    """A zero loses its sign."""
    sql = _write(node, leaf)
    return f"({sql} + '0.0'::DOUBLE)" if node.type == "number" else sql


def _write(node: Typed, leaf: Leaf) -> str:
    if isinstance(node.node, Value):
        return literal(node.type, node.node.value)
    if node.overload is None:
        return leaf(node)
    sql = node.overload.sql([_write(part, leaf) for part in node.parts], node.constants)
    return finite(sql) if node.overload.finite else sql


def _column(leaf: Typed, names: Mapping[str, str]) -> str:
    assert isinstance(leaf.node, Column)
    return COLUMNS[leaf.type].format(names.get(leaf.node.name) or quoted(leaf.node.name))


def _found(leaf: Typed, names: Mapping[Aggregate, str], now: str) -> str:
    if leaf.node is None:
        return now
    assert isinstance(leaf.node, Aggregate)
    return names[leaf.node]

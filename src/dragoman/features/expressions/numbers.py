"""Functions of one number, and limits."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from dragoman.features.expressions.arithmetic import within
from dragoman.features.expressions.function import Function, Overload, RowFunction
from dragoman.features.expressions.literals import literal
from dragoman.features.expressions.sql_once import once
from dragoman.features.expressions.types import Constant, Type

__all__ = ["NUMBERS"]


def _log(value: float) -> float | None:
    return math.log(value) if value > 0 else None


def _sqrt(value: float) -> float | None:
    return math.sqrt(value) if value >= 0 else None


def _floor(value: float) -> int | None:
    return within(math.floor(value))


def _round(value: float) -> int | None:
    return within(round(value))


def _log_sql(arguments: Sequence[str], _: Sequence[Constant]) -> str:
    return once(arguments[0], lambda value: f"(CASE WHEN {value} > 0 THEN ln({value}) END)")


def _sqrt_sql(arguments: Sequence[str], _: Sequence[Constant]) -> str:
    return once(arguments[0], lambda value: f"(CASE WHEN {value} >= 0 THEN sqrt({value}) END)")


def _at_least_sql(arguments: Sequence[str], _: Sequence[Constant]) -> str:
    return _limit_sql(arguments, "<", ">=")


def _at_most_sql(arguments: Sequence[str], _: Sequence[Constant]) -> str:
    return _limit_sql(arguments, ">", "<=")


def _limit_sql(arguments: Sequence[str], beyond: str, within_it: str) -> str:
    def body(value: str, limit: str) -> str:
        return f"(CASE WHEN {value} {beyond} {limit} THEN {limit} WHEN {value} {within_it} {limit} THEN {value} END)"

    return once(arguments[0], lambda value: once(arguments[1], lambda limit: body(value, limit)))


def _at_least(value: Any, limit: Any) -> Any:
    return max(value, limit)


def _at_most(value: Any, limit: Any) -> Any:
    return min(value, limit)


def _bucket_sql(arguments: Sequence[str], constants: Sequence[Constant], type: Type) -> str:
    def body(value: str) -> str:
        cases = " ".join(f"WHEN {value} < {literal(type, edge)} THEN {place}" for place, edge in enumerate(constants))
        last = f"WHEN {value} >= {literal(type, constants[-1])} THEN {len(constants)}"
        return f"CAST(CASE {cases} {last} END AS BIGINT)"

    return once(arguments[0], body)


def _bucket(type: Type) -> Overload:
    def row(constants: Sequence[Constant]) -> RowFunction:
        edges: Any = [float(one) for one in constants] if type == "number" else list(constants)
        return lambda value: bisect_right(edges, value)

    return Overload((type,), "integer", lambda a, c: _bucket_sql(a, c, type), row, constants=type)


def _limit(name: str, type: Type) -> Overload:
    compute, sql = (_at_least, _at_least_sql) if name == "at_least" else (_at_most, _at_most_sql)
    return Overload((type, type), type, sql, lambda _: compute)


LIMITED: tuple[Type, ...] = ("integer", "number", "time")

NUMBERS = (
    Function("log", (Overload(("number",), "number", _log_sql, lambda _: _log, finite=True),)),
    Function("sqrt", (Overload(("number",), "number", _sqrt_sql, lambda _: _sqrt, finite=True),)),
    Function(
        "floor",
        (Overload(("number",), "integer", lambda a, _: f"TRY_CAST(floor({a[0]}) AS BIGINT)", lambda _: _floor),),
    ),
    Function(
        "round",
        (
            Overload(
                ("number",), "integer", lambda a, _: f"TRY_CAST(round_even({a[0]}, 0) AS BIGINT)", lambda _: _round
            ),
        ),
    ),
    Function(
        "to_number",
        (
            Overload(("integer",), "number", lambda a, _: f"CAST({a[0]} AS DOUBLE)", lambda _: float),
            Overload(("boolean",), "number", lambda a, _: f"CAST({a[0]} AS DOUBLE)", lambda _: float),
        ),
    ),
    Function("at_least", tuple(_limit("at_least", type) for type in LIMITED)),
    Function("at_most", tuple(_limit("at_most", type) for type in LIMITED)),
    Function("bucket", (_bucket("integer"), _bucket("number"))),
)

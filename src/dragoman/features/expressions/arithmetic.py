"""Arithmetic. Integers that leave 64 bits and numbers that leave what is finite become null."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

from dragoman.features.expressions.function import Function, Overload, RowFunction
from dragoman.features.expressions.sql_once import once
from dragoman.features.expressions.types import LEAST_INTEGER, MOST_INTEGER, Constant

__all__ = ["ARITHMETIC"]


def within(value: int) -> int | None:
    """An integer, or None beyond 64 bits."""
    return value if LEAST_INTEGER <= value <= MOST_INTEGER else None


def _signed(name: str, sign: str, compute: Callable[[float, float], float]) -> Function:
    """A sign between two integers or two numbers."""

    def whole(left: int, right: int) -> int | None:
        return within(int(compute(left, right)))

    return Function(
        name,
        (
            Overload(("integer", "integer"), "integer", lambda a, _: f"TRY({a[0]} {sign} {a[1]})", lambda _: whole),
            Overload(
                ("number", "number"), "number", lambda a, _: f"({a[0]} {sign} {a[1]})", lambda _: compute, finite=True
            ),
        ),
    )


def _divide(left: float, right: float) -> float | None:
    return left / right if right else None


def _floor_divide(left: int, right: int) -> int | None:
    return within(left // right) if right else None


def _modulo(left: int, right: int) -> int | None:
    return left % right if right else None


def _negate(value: int) -> int | None:
    return within(-value)


def _abs(value: int) -> int | None:
    return within(abs(value))


def _divide_sql(arguments: Sequence[str], _: Sequence[Constant]) -> str:
    top, bottom = arguments
    return once(bottom, lambda below: f"(CASE WHEN {below} <> 0 THEN {top} / {below} END)")


def _floor_divide_sql(arguments: Sequence[str], _: Sequence[Constant]) -> str:
    """DuckDB divides towards 0; TRY also stands for what it computes of constants before it looks at a CASE."""

    def body(top: str, bottom: str) -> str:
        down = f"CASE WHEN TRY({top} % {bottom}) <> 0 AND ({top} < 0) <> ({bottom} < 0) THEN 1 ELSE 0 END"
        whole = f"TRY({top} // {bottom}) - {down}"
        return f"(CASE WHEN {bottom} = -1 THEN TRY(0 - {top}) WHEN {bottom} <> 0 THEN {whole} END)"

    return once(arguments[0], lambda top: once(arguments[1], lambda bottom: body(top, bottom)))


def _modulo_sql(arguments: Sequence[str], _: Sequence[Constant]) -> str:
    """The sign is that of the divisor, as that of the rest after `floor_divide`."""

    def body(top: str, bottom: str) -> str:
        rest = f"TRY({top} % {bottom})"
        up = f"CASE WHEN {rest} <> 0 AND ({top} < 0) <> ({bottom} < 0) THEN {bottom} ELSE 0 END"
        return f"(CASE WHEN {bottom} = -1 THEN {top} - {top} WHEN {bottom} <> 0 THEN {rest} + {up} END)"

    return once(arguments[0], lambda top: once(arguments[1], lambda bottom: body(top, bottom)))


def _one(name: str, sql: str, whole: RowFunction, number: RowFunction) -> Function:
    """A function of one integer or one number."""
    return Function(
        name,
        (
            Overload(("integer",), "integer", lambda a, _: f"TRY({sql.format(a[0])})", lambda _: whole),
            Overload(("number",), "number", lambda a, _: f"({sql.format(a[0])})", lambda _: number),
        ),
    )


ARITHMETIC = (
    _signed("add", "+", operator.add),
    _signed("subtract", "-", operator.sub),
    _signed("multiply", "*", operator.mul),
    Function("divide", (Overload(("number", "number"), "number", _divide_sql, lambda _: _divide, finite=True),)),
    Function(
        "floor_divide", (Overload(("integer", "integer"), "integer", _floor_divide_sql, lambda _: _floor_divide),)
    ),
    Function("modulo", (Overload(("integer", "integer"), "integer", _modulo_sql, lambda _: _modulo),)),
    _one("negate", "0 - {}", _negate, operator.neg),
    _one("abs", "abs({})", _abs, abs),
)

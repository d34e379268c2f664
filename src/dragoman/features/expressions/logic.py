"""Comparison, logic of three values, and choice."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from dragoman.features.expressions.function import Function, Overload, RowFunction
from dragoman.features.expressions.literals import literal
from dragoman.features.expressions.types import Constant, Type

__all__ = ["LOGIC"]

ALL: tuple[Type, ...] = ("integer", "number", "boolean", "string", "time")
ORDERED: tuple[Type, ...] = ("integer", "number", "string", "time")


def _compare(name: str, sign: str, compute: Callable[[Any, Any], bool], types: tuple[Type, ...]) -> Function:
    def overload(type: Type) -> Overload:
        return Overload((type, type), "boolean", lambda a, _: f"({a[0]} {sign} {a[1]})", lambda _: compute)

    return Function(name, tuple(overload(type) for type in types))


def _and(left: bool | None, right: bool | None) -> bool | None:  # noqa: FBT001
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def _or(left: bool | None, right: bool | None) -> bool | None:  # noqa: FBT001
    if left or right:
        return True
    return None if left is None or right is None else False


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _if_else(condition: bool | None, then: Any, otherwise: Any = None) -> Any:  # noqa: FBT001
    return then if condition else otherwise


def _if_else_sql(arguments: Sequence[str], _: Sequence[Constant]) -> str:
    other = f" ELSE {arguments[2]}" if len(arguments) == 3 else ""
    return f"(CASE WHEN {arguments[0]} THEN {arguments[1]}{other} END)"


def _is_in(type: Type) -> Overload:
    def sql(arguments: Sequence[str], constants: Sequence[Constant]) -> str:
        return f"({arguments[0]} IN ({', '.join(literal(type, one) for one in constants)}))"

    def row(constants: Sequence[Constant]) -> RowFunction:
        return frozenset(constants).__contains__

    return Overload((type,), "boolean", sql, row, constants=type)


def _connect(name: str, sign: str, compute: Callable[[Any, Any], bool | None]) -> Function:
    return Function(
        name,
        (
            Overload(
                ("boolean", "boolean"),
                "boolean",
                lambda a, _: f"({a[0]} {sign} {a[1]})",
                lambda _: compute,
                strict=False,
            ),
        ),
    )


def _choose(type: Type) -> tuple[Overload, Overload]:
    return (
        Overload(("boolean", type), type, _if_else_sql, lambda _: _if_else, strict=False),
        Overload(("boolean", type, type), type, _if_else_sql, lambda _: _if_else, strict=False),
    )


LOGIC = (
    _compare("equal", "=", operator.eq, ALL),
    _compare("not_equal", "<>", operator.ne, ALL),
    _compare("less", "<", operator.lt, ORDERED),
    _compare("less_equal", "<=", operator.le, ORDERED),
    _compare("greater", ">", operator.gt, ORDERED),
    _compare("greater_equal", ">=", operator.ge, ORDERED),
    _connect("and", "AND", _and),
    _connect("or", "OR", _or),
    Function("not", (Overload(("boolean",), "boolean", lambda a, _: f"(NOT {a[0]})", lambda _: operator.not_),)),
    Function(
        "is_null",
        tuple(
            Overload(
                (type,),
                "boolean",
                lambda a, _: f"({a[0]} IS NULL)",
                lambda _: lambda value: value is None,
                strict=False,
            )
            for type in ALL
        ),
    ),
    Function("is_in", tuple(_is_in(type) for type in ALL if type != "time")),
    Function(
        "coalesce",
        tuple(
            Overload((type, type), type, lambda a, _: f"coalesce({', '.join(a)})", lambda _: _coalesce, strict=False)
            for type in ALL
        ),
        variadic=True,
    ),
    Function("if_else", tuple(overload for type in ALL for overload in _choose(type))),
)

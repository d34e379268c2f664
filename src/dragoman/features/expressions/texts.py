"""Functions of texts, by code points."""

from __future__ import annotations

from collections.abc import Sequence

from dragoman.features.expressions.function import Function, Overload, RowFunction
from dragoman.features.expressions.letters import LOWER, UPPER, WHITE, lower_sql, upper_sql
from dragoman.features.expressions.literals import text_literal
from dragoman.features.expressions.sql_once import once
from dragoman.features.expressions.types import Constant

__all__ = ["TEXTS"]


def _concat(*texts: str) -> str:
    return "".join(texts)


def _contains(text: str, part: str) -> bool:
    return part in text


def _lower(text: str) -> str:
    return text.lower() if text.isascii() else text.translate(LOWER)


def _upper(text: str) -> str:
    return text.upper() if text.isascii() else text.translate(UPPER)


def _strip(text: str) -> str:
    return text.strip(WHITE)


def _strip_sql(arguments: Sequence[str], _: Sequence[Constant]) -> str:
    """DuckDB's trim is slow with many characters, so that it is only asked where there is something to do."""
    white = text_literal(WHITE)

    def body(text: str) -> str:
        ends = f"contains({white}, left({text}, 1)) OR contains({white}, right({text}, 1))"
        return f"(CASE WHEN {ends} THEN trim({text}, {white}) ELSE {text} END)"

    return once(arguments[0], body)


def _about(name: str, compute: RowFunction) -> Function:
    """Whether one text is part of another."""
    return Function(
        name,
        (Overload(("string", "string"), "boolean", lambda a, _: f"{name}({a[0]}, {a[1]})", lambda _: compute),),
    )


TEXTS = (
    Function("lower", (Overload(("string",), "string", lambda a, _: lower_sql(a[0]), lambda _: _lower),)),
    Function("upper", (Overload(("string",), "string", lambda a, _: upper_sql(a[0]), lambda _: _upper),)),
    Function("strip", (Overload(("string",), "string", _strip_sql, lambda _: _strip),)),
    Function("length", (Overload(("string",), "integer", lambda a, _: f"length({a[0]})", lambda _: len),)),
    _about("contains", _contains),
    _about("starts_with", str.startswith),
    _about("ends_with", str.endswith),
    Function(
        "concat",
        (Overload(("string", "string"), "string", lambda a, _: "(" + " || ".join(a) + ")", lambda _: _concat),),
        variadic=True,
    ),
)

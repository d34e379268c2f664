"""Expressions as text that a person reads, one text for one expression."""

from __future__ import annotations

import json

from dragoman.features.expressions.durations import duration_text
from dragoman.features.expressions.nodes import Aggregate, Call, Column, Node, Value
from dragoman.features.expressions.types import Constant
from dragoman.features.times import text_of as moment_text

__all__ = ["text_of"]

SIGNS = {
    "add": "+",
    "and": "&",
    "divide": "/",
    "equal": "==",
    "floor_divide": "//",
    "greater": ">",
    "greater_equal": ">=",
    "less": "<",
    "less_equal": "<=",
    "modulo": "%",
    "multiply": "*",
    "not_equal": "!=",
    "or": "|",
    "subtract": "-",
}
PREFIXES = {"negate": "-", "not": "~"}


def text_of(node: Node) -> str:
    """The node as it would be written, fully bracketed: `(col("a") + 1).log()` is `log(a + 1)`."""
    return _text(node).removeprefix("(").removesuffix(")") if _has_sign(node) else _text(node)


def _has_sign(node: Node) -> bool:
    return isinstance(node, Call) and node.function in SIGNS


def _text(node: Node) -> str:
    if isinstance(node, Column):
        return node.name if _is_plain_name(node.name) else f"col({_constant(node.name)})"
    if isinstance(node, Value):
        return f"time({_moment(node)})" if node.type == "time" else _constant(node.value)
    return _aggregate(node) if isinstance(node, Aggregate) else _call(node)


def _call(node: Call) -> str:
    if node.function in PREFIXES and len(node.arguments) == 1:
        return PREFIXES[node.function] + "(" + text_of(node.arguments[0]) + ")"
    if node.function in SIGNS and len(node.arguments) == 2:
        return "(" + f" {SIGNS[node.function]} ".join(_text(one) for one in node.arguments) + ")"
    parts = [text_of(one) for one in node.arguments]
    if node.constants:
        parts.append("[" + ", ".join(_constant(one) for one in node.constants) + "]")
    return f"{node.function}({', '.join(parts)})"


def _aggregate(node: Aggregate) -> str:
    inner = "" if node.of is None else text_of(node.of)
    where = "" if node.where is None else f".where({text_of(node.where)})"
    window = "" if node.window is None else f".over({duration_text(node.window)})"
    return f"{node.kind}({inner}){where}{window}"


def _constant(constant: Constant) -> str:
    if isinstance(constant, bool):
        return "true" if constant else "false"
    return json.dumps(constant, ensure_ascii=False) if isinstance(constant, str) else repr(constant)


def _moment(node: Value) -> str:
    return json.dumps(moment_text(int(node.value)))


def _is_plain_name(name: str) -> bool:
    return name.isascii() and name.isidentifier() and name not in {"true", "false"}

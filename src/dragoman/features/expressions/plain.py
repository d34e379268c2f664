"""Expressions as plain data, and back."""

from __future__ import annotations

from typing import Any

import msgspec

from dragoman.errors import InvalidSpec
from dragoman.features.expressions.functions import FUNCTIONS
from dragoman.features.expressions.nearest import nearest
from dragoman.features.expressions.nodes import Call, Node, Value, children_of

__all__ = ["VERSION", "from_plain", "to_plain"]

VERSION = 1  # of the form


def to_plain(node: Node) -> dict[str, Any]:
    """`{"version": 1, "expression": …}`: dictionaries, lists, texts, numbers and booleans."""
    plain: Any = msgspec.json.decode(msgspec.json.encode(node))
    return {"version": VERSION, "expression": plain}


def from_plain(plain: Any) -> Node:
    """The node that `to_plain` gave. Raises `InvalidSpec` for anything else."""
    if not isinstance(plain, dict) or plain.get("version") != VERSION or set(plain) != {"version", "expression"}:
        raise InvalidSpec("A stored expression has another form or version.", help="Apply the views again.")
    try:
        node: Node = msgspec.convert(plain["expression"], Node)
    except (msgspec.ValidationError, RecursionError) as error:
        raise InvalidSpec(f"A stored expression is broken: {error}.", help="Apply the views again.") from None
    _require_known(node)
    return node


def _require_known(node: Node) -> None:
    if isinstance(node, Call) and node.function not in FUNCTIONS:
        raise InvalidSpec(f"There is no function '{node.function}'.", help=nearest(node.function, FUNCTIONS))
    if isinstance(node, Value) and not _is_of_type(node):
        raise InvalidSpec(f"{node.value!r} is no {node.type}.", help="Apply the views again.")
    for child in children_of(node):
        _require_known(child)


def _is_of_type(value: Value) -> bool:
    wanted = {"number": float, "integer": int, "boolean": bool, "string": str, "time": int}[value.type]
    return type(value.value) is wanted

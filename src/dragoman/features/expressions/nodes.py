"""The parts of an expression: plain, frozen values, equal where they say the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from dragoman.features.expressions.types import Constant, Type

__all__ = [
    "KINDS",
    "Aggregate",
    "Call",
    "Column",
    "Kind",
    "Node",
    "Value",
    "aggregates_in",
    "children_of",
    "columns_in",
]

Kind = Literal["count", "sum", "mean", "std", "min", "max", "first", "last", "distinct"]
KINDS: tuple[Kind, ...] = ("count", "sum", "mean", "std", "min", "max", "first", "last", "distinct")


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, cache_hash=True, tag_field="is"):
    """Base of all nodes."""


class Column(_Part, frozen=True, kw_only=True, tag="column"):
    """A column of the source, as one event has it."""

    name: str


class Value(_Part, frozen=True, kw_only=True, tag="value"):
    """A constant. A time is in microseconds since 1970."""

    type: Type
    value: Constant


class Call(_Part, frozen=True, kw_only=True, tag="call"):
    """A function of other expressions. `constants` are those of its parameters that are no expressions."""

    function: str
    arguments: tuple[Node, ...]
    constants: tuple[Constant, ...] = ()


class Aggregate(_Part, frozen=True, kw_only=True, tag="aggregate"):
    """One value of many events: of those where `where` is true, in the last `window` microseconds.

    No `of`: the events themselves are counted. No `window`: that of the view.
    """

    kind: Kind
    of: Node | None = None
    where: Node | None = None
    window: int | None = None


Node = Column | Value | Call | Aggregate


def children_of(node: Node) -> tuple[Node, ...]:
    """What a node is made of."""
    if isinstance(node, Call):
        return node.arguments
    if isinstance(node, Aggregate):
        return tuple(part for part in (node.of, node.where) if part is not None)
    return ()


def columns_in(node: Node) -> list[str]:
    """Names of the columns that a node reads, each once, in the order of their first place."""
    return list(dict.fromkeys(part.name for part in _walk(node) if isinstance(part, Column)))


def aggregates_in(node: Node) -> list[Aggregate]:
    """The aggregates of a node, each once, in the order of their first place."""
    return list(dict.fromkeys(part for part in _walk(node) if isinstance(part, Aggregate)))


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in children_of(node):
        yield from _walk(child)

"""Expressions with types: which overload each function is, and where an integer becomes a number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dragoman.errors import InvalidSpec
from dragoman.features.expressions.constants import constant_type
from dragoman.features.expressions.function import Function, Overload
from dragoman.features.expressions.functions import FUNCTIONS
from dragoman.features.expressions.nearest import nearest
from dragoman.features.expressions.nodes import Aggregate, Call, Column, Node, Value
from dragoman.features.expressions.soundness import require_sound
from dragoman.features.expressions.types import Constant, Type
from dragoman.features.expressions.wording import text_of

__all__ = ["Typed", "aggregate_type", "typed"]

Types = Mapping[str, Type]
RESULTS: Mapping[str, Type] = {"count": "integer", "distinct": "integer", "mean": "number", "std": "number"}
ADDED: tuple[Type, ...] = ("number", "integer", "boolean")


@dataclass(frozen=True, slots=True)
class Typed:
    """A node with its type; no node is the time of asking. `overload` and `parts` are those of a call."""

    node: Node | None
    type: Type
    overload: Overload | None = None
    parts: tuple[Typed, ...] = ()

    @property
    def constants(self) -> tuple[Constant, ...]:
        return self.node.constants if isinstance(self.node, Call) else ()


NOW = Typed(None, "time")


def typed(node: Node, columns: Types) -> Typed:
    """The node with types, given those of the source's columns.

    Raises `InvalidSpec` for a column that is not there and for a function that does not take what it is given.
    """
    require_sound(node)
    return _typed(node, columns)


def aggregate_type(node: Aggregate, columns: Types) -> Type:
    """The type of an aggregate's value. Raises `InvalidSpec`."""
    if node.where is not None and (found := _typed(node.where, columns).type) != "boolean":
        raise InvalidSpec(
            f"where({text_of(node.where)}) is of the type {found}.", help="Give a condition: col('a') > 1."
        )
    if node.of is None:
        return "integer"
    inner = _typed(node.of, columns).type
    if node.kind in {"sum", "mean", "std"} and inner not in ADDED:
        raise InvalidSpec(
            f"{text_of(node)} is of the type {inner}.", help=f"'{node.kind}' takes a number, an integer or a boolean."
        )
    return RESULTS.get(node.kind) or ("integer" if (node.kind, inner) == ("sum", "boolean") else inner)


def _typed(node: Node, columns: Types) -> Typed:
    if isinstance(node, Column):
        return Typed(node, _column_type(node.name, columns))
    if isinstance(node, Value):
        return Typed(node, node.type)
    if isinstance(node, Aggregate):
        return Typed(node, aggregate_type(node, columns))
    return _called(node, [_typed(one, columns) for one in node.arguments])


def _column_type(name: str, columns: Types) -> Type:
    if name not in columns:
        raise InvalidSpec(f"The source has no column '{name}'.", help=nearest(name, columns))
    return columns[name]


def _called(node: Call, parts: Sequence[Typed]) -> Typed:
    function = FUNCTIONS.get(node.function)
    if function is None:
        raise InvalidSpec(f"There is no function '{node.function}'.", help=nearest(node.function, FUNCTIONS))
    given = [part.type for part in parts]
    for overload in function.overloads:
        takes = _takes(function, overload, len(given))
        if _fit(given, takes) and _constants_fit(node.constants, overload.constants):
            own = tuple(map(_promoted, parts, takes))
            return Typed(node, overload.gives, overload, (*own, NOW) if function.outside else own)
    raise _refused(node, function, given)


def _takes(function: Function, overload: Overload, count: int) -> tuple[Type, ...]:
    more = count - len(overload.takes)
    return overload.takes + overload.takes[-1:] * more if function.variadic and more > 0 else overload.takes


def _fit(given: Sequence[Type], takes: Sequence[Type]) -> bool:
    return len(given) == len(takes) and all(
        one == other or (one, other) == ("integer", "number") for one, other in zip(given, takes, strict=True)
    )


def _constants_fit(constants: Sequence[Constant], wanted: Type | None) -> bool:
    if wanted is None:
        return not constants
    types = {constant_type(one) for one in constants}
    return types == {wanted} or (wanted == "number" and types <= {"integer", "number"} and bool(types))


def _promoted(part: Typed, wanted: Type) -> Typed:
    if part.type == wanted or part.node is None:
        return part
    node = Call(function="to_number", arguments=(part.node,))
    return Typed(node, "number", FUNCTIONS["to_number"].overloads[0], (part,))


def _refused(node: Call, function: Function, given: Sequence[Type]) -> InvalidSpec:
    takes = " or ".join(dict.fromkeys(_words(one.takes, one.constants) for one in function.overloads))
    more = ", the last one as often as you like" if function.variadic else ""
    shown = [*given, *(f"[{constant_type(one)}]" for one in node.constants[:1])]
    return InvalidSpec(
        f"'{node.function}' in {text_of(node)} is given ({', '.join(shown)}).",
        help=f"It takes {takes}{more}.",
    )


def _words(takes: Iterable[Type], constants: Type | None) -> str:
    return "(" + ", ".join([*takes, *([f"[{constants}]"] if constants else [])]) + ")"

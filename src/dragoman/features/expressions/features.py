"""An expression as a feature: what it needs, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping

from dragoman.features.expressions.expression import Expression
from dragoman.features.expressions.nodes import Aggregate, Node, aggregates_in
from dragoman.features.expressions.soundness import require_outer
from dragoman.features.expressions.typed import typed
from dragoman.features.expressions.types import Type

__all__ = ["aggregates_of", "require_feature", "type_of"]


def aggregates_of(expression: Expression | Node) -> list[Aggregate]:
    """The aggregates that a feature is made of, each once, in the order of their first place."""
    return aggregates_in(_node(expression))


def require_feature(expression: Expression | Node) -> None:
    """Raise `InvalidSpec` for an expression that cannot be a feature: one without an aggregate."""
    require_outer(_node(expression))


def type_of(expression: Expression | Node, columns: Mapping[str, Type]) -> Type:
    """The type of an expression's value, given those of the source's columns.

    Raises `InvalidSpec` for a column that is not there and for a function that does not take what it is given.
    """
    return typed(_node(expression), columns).type


def _node(expression: Expression | Node) -> Node:
    return expression.node if isinstance(expression, Expression) else expression

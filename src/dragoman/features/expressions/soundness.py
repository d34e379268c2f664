"""What is refused while an expression is built, before any type is known."""

from __future__ import annotations

from dragoman.errors import InvalidSpec
from dragoman.features.expressions.nodes import Aggregate, Call, Column, Node, aggregates_in, children_of

__all__ = ["MOST_LEVELS", "MOST_PARTS", "require_outer", "require_sound"]

MOST_LEVELS, MOST_PARTS = 60, 5_000
ASKING = frozenset({"days_since", "hours_since"})


def require_sound(node: Node) -> None:
    """Raise `InvalidSpec` for an expression that can have no value, or is too large to be handled."""
    _require_size(node)
    _require_order(node)


def require_outer(node: Node) -> None:
    """Raise `InvalidSpec` for an expression that is no feature: a feature has an aggregate, and no column outside."""
    require_sound(node)
    if not aggregates_in(node):
        raise InvalidSpec(
            "An expression has no aggregate, and so no value for many events.",
            help="Say what is made of them: col('amount').sum(), col('plan').last(), count().",
        )


def _require_order(node: Node) -> None:
    if isinstance(node, Aggregate):
        _require_inside(node)
    elif aggregates_in(node):
        _require_outside(node)
    if not isinstance(node, Aggregate):
        for child in children_of(node):
            _require_order(child)


def _require_inside(aggregate: Aggregate) -> None:
    if aggregate.of is None and aggregate.kind != "count":
        raise InvalidSpec(f"'{aggregate.kind}' is of nothing.", help=f"Write col('amount').{aggregate.kind}().")
    if aggregate.window is not None and aggregate.window <= 0:
        raise InvalidSpec(f"A window is of {aggregate.window} microseconds.", help="Give one such as '30d'.")
    for part in children_of(aggregate):
        if aggregates_in(part):
            raise InvalidSpec(
                f"An aggregate stands inside of '{aggregate.kind}'.",
                help="It is of columns of one event. Combine aggregates like this: col('a').sum() / count().",
            )
        _refuse_asking(part, aggregate)


def _refuse_asking(node: Node, aggregate: Aggregate) -> None:
    if isinstance(node, Call) and node.function in ASKING:
        raise InvalidSpec(
            f"'{node.function}' stands inside of '{aggregate.kind}', where nothing depends on when it is asked.",
            help="Write it outside: hours_since(col(...).last()).",
        )
    for child in children_of(node):
        _refuse_asking(child, aggregate)


def _require_outside(node: Node) -> None:
    for child in children_of(node):
        if isinstance(child, Column):
            raise InvalidSpec(
                f"The column '{child.name}' stands beside an aggregate.",
                help=f"Say which event's value is meant: col({child.name!r}).last().",
            )
        if not isinstance(child, Aggregate):
            _require_outside(child)


def _require_size(node: Node) -> None:
    level, levels, parts = [node], 0, 0
    while level:
        levels, parts = levels + 1, parts + len(level)
        if levels > MOST_LEVELS or parts > MOST_PARTS:
            raise InvalidSpec(
                f"An expression has more than {MOST_LEVELS} levels or {MOST_PARTS} parts.",
                help="Split it into several features, or compute it where the events are made.",
            )
        level = [child for one in level for child in children_of(one)]

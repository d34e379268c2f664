"""What features are by their definition, in plain Python, one event after the other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from dragoman.features import View
from dragoman.features.expressions import Aggregate, Type, row_aggregate, row_scalar

__all__ = ["values_as_of"]

Event = Mapping[str, Any]  # column → plain value; times as microseconds since 1970
Placed = tuple[tuple[int, int, int], Any]  # time, available, row; value


def values_as_of(
    view: View, events: Sequence[Event], types: Mapping[str, Type], key: Sequence[Any], now: int
) -> dict[str, Any]:
    """The features of one key at a moment, by name."""
    known = events_as_of(view, events, key, now)
    found = {one: aggregate_of(one, known, types, view.window_of(one), now) for one in view.aggregates}
    return {name: row_scalar(feature.node, types)(found, now) for name, feature in view.features.items()}


def events_as_of(
    view: View, events: Sequence[Event], key: Sequence[Any], now: int
) -> list[tuple[int, int, int, Event]]:
    """Time, available time, row and event of those that a key had at a moment, each in the version known then."""
    source, newest = view.source, dict[Any, tuple[int, int, int, Event]]()
    for row, event in enumerate(events):
        time, available = event[source.time], event[source.available or source.time]
        own = [event[name] for name in view.entity.keys]
        if None in [*own, *key, time, available] or own != list(key) or available > now:
            continue
        id = event[source.id] if source.id else None
        name = ("row", row) if id is None else ("id", id)
        if name not in newest or newest[name][1] <= available:
            newest[name] = (time, available, row, event)
    return [one for one in newest.values() if one[0] <= now]


def aggregate_of(
    aggregate: Aggregate,
    known: Sequence[tuple[int, int, int, Event]],
    types: Mapping[str, Type],
    window: int | None,
    now: int,
) -> Any:
    """One aggregate over those of the events that are in its window, and that it has a value of."""
    value_of = row_aggregate(aggregate, types)
    inside = [(one[:3], value_of(one[3])) for one in known if window is None or one[0] > now - window]
    placed: list[Placed] = [(place, value) for place, value in inside if value is not None]
    values = [value for _, value in placed]
    if aggregate.kind in ("count", "distinct"):
        return len(values) if aggregate.kind == "count" else len(set(values))
    if not values:
        return None
    if aggregate.kind in ("first", "last"):
        return (min if aggregate.kind == "first" else max)(placed, key=lambda one: one[0])[1]
    if aggregate.kind in ("min", "max"):
        return min(values) if aggregate.kind == "min" else max(values)
    return number_of(aggregate.kind, values)


def number_of(kind: str, values: list[Any]) -> float | int | None:
    """A sum, a mean or a deviation, with fractions."""
    total, count = sum(map(Fraction, values)), len(values)
    if kind == "sum":
        if isinstance(values[0], float):
            return nearest(total)
        return int(total) if -(2**63) <= total < 2**63 else None
    if kind == "mean":
        whole = nearest(total)
        return None if whole is None else whole / count
    variance = nearest(sum(Fraction(value) ** 2 for value in values) / count - (total / count) ** 2)
    return None if variance is None else math.sqrt(variance)


def nearest(exact: Fraction | int) -> float | None:
    """The float nearest to it; None where it is too large for one."""
    try:
        return float(exact)
    except OverflowError:
        return None

"""A view's definition, compiled: what is kept of an event, what is answered over many, and the features made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from dragoman.errors import Conflict
from dragoman.features.expressions import (
    Aggregate,
    InnerRow,
    Partial,
    ScalarRow,
    partial_of,
    row_aggregate,
    row_scalar,
)
from dragoman.features.times import text_of
from dragoman.features.view import View
from dragoman.records import AppliedView

__all__ = ["Formulas", "Series", "formulas_of"]

CACHED = 256  # definitions


class Series(NamedTuple):
    """An aggregate without its window: many windows read the same one."""

    argument: int  # the place of the value that it takes of an event
    new: Callable[[], Partial]


class Formulas:
    """What the online rows of a view need to know of it.

    `arguments` are the values that are kept of an event, as aggregates that take them. `windowed` are answered for
    every window, `lasting` are of all events. `reads` says where an aggregate's answer is: its series, and its window
    in microseconds, None for a lasting one. Raises `Conflict` for a view that was applied without types.
    """

    def __init__(self, applied: AppliedView) -> None:
        view = View.from_definition(applied.definition)
        if not applied.types:
            raise Conflict(
                f"The types of the columns that the view '{view.name}' reads are not stored.",
                help="Another release applied it: run `dragoman features apply`.",
            )
        self.view, self.types = view, applied.types
        self.windowed: list[Series] = []
        self.lasting: list[Series] = []
        self.reads: dict[Aggregate, tuple[int, int | None]] = {}
        self.arguments: list[Aggregate] = []
        self._collect()
        self.windows = sorted({window for _, window in self.reads.values() if window is not None})
        self.longest = max(self.windows, default=0)
        self.keeps_all = bool(self.lasting) and view.source.id is not None
        self._rows: list[InnerRow] = [row_aggregate(one, self.types) for one in self.arguments]
        self._features: list[tuple[str, bool, ScalarRow]] = [
            (f"{view.name}.{name}", kind == "time", row_scalar(view.features[name].node, self.types))
            for name, kind in ((column.name, column.type) for column in applied.columns)
        ]

    def values_of(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """What is kept of an event, given its columns. Raises `InvalidData` for a value of a wrong type."""
        return tuple(one(row) for one in self._rows)

    def features_of(self, answers: Mapping[Aggregate, Any], now: int) -> dict[str, Any]:
        """VIEW.FEATURE → value, as JSON has it: a time is text in ISO 8601."""
        values = {}
        for name, is_time, compute in self._features:
            value = compute(answers, now)
            values[name] = text_of(value) if is_time and value is not None else value
        return values

    def _collect(self) -> None:
        arguments: dict[Aggregate, int] = {}
        places: dict[tuple[Aggregate, bool], int] = {}
        for aggregate in self.view.aggregates:
            window = self.view.window_of(aggregate)
            whole = msgspec.structs.replace(aggregate, window=None)
            taken = msgspec.structs.replace(whole, kind="count")
            argument = arguments.setdefault(taken, len(arguments))
            series = self.lasting if window is None else self.windowed
            if (whole, window is None) not in places:
                places[whole, window is None] = len(series)
                series.append(Series(argument, partial_of(whole, self.types)))
            self.reads[aggregate] = places[whole, window is None], window
        self.arguments = [*arguments]


@lru_cache(CACHED)
def _compiled(definition: bytes) -> Formulas:
    return Formulas(msgspec.msgpack.decode(definition, type=AppliedView))


def formulas_of(view: AppliedView) -> Formulas:
    """The view's definition, compiled once. Raises as `Formulas` does, and `InvalidSpec`."""
    return _compiled(msgspec.msgpack.encode(view))

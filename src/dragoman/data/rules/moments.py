"""Measures of a column: least, greatest, mean, sum, standard deviation, and the share of rows with a value."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dragoman.data.rules.base import NO_VALUE, Outcome, OverAll
from dragoman.data.rules.exact_sum import ExactSum
from dragoman.data.rules.ranges import EPOCH, exact_span, span_in_words
from dragoman.data.rules.rows import Rows
from dragoman.data.rules.shown import shown
from dragoman.spec.bounds import Span
from dragoman.spec.contracts import ColumnType

__all__ = ["MEASURES", "Measure", "Moments"]


class Moments:
    """What the measures of a column are made of: the same in any order of the rows."""

    def __init__(self, column: str) -> None:
        self.column = column
        self.rows = self.values = 0
        self.least: Any = None
        self.greatest: Any = None
        self.sum, self.squares = ExactSum(), ExactSum()

    def fold(self, rows: Rows, *, squares: bool, sums: bool) -> None:
        column = rows.columns[self.column]
        values = column.numbers if column.valid is None else column.numbers[column.valid]
        self.rows += rows.count
        self.values += len(values)
        if not len(values):
            return
        least, greatest = values.min().item(), values.max().item()
        self.least = least if self.least is None else min(self.least, least)
        self.greatest = greatest if self.greatest is None else max(self.greatest, greatest)
        if sums or squares:
            self.sum.add(values.astype(np.float64))
        if squares:
            self.squares.add_squares(values.astype(np.float64))


class Measure(OverAll):
    """A measure of a column lies in a span."""

    def __init__(self, name: str, column: str, span: Span, type: ColumnType) -> None:
        self.rule, self.columns = name, (column,)
        self.words = f"the {MEASURES[name][0]} of '{column}' is {span_in_words(span)}"
        self.of_type: ColumnType = type if name in ("least", "greatest") else "number"
        self.span = exact_span(span, self.of_type)
        self.moments = Moments(column)

    def fold(self, rows: Rows, numbers: NDArray[np.int64]) -> None:
        self.moments.fold(rows, squares=self.rule == "deviation", sums=self.rule in ("mean", "sum"))

    def finish(self) -> Outcome:
        measured = MEASURES[self.rule][1](self.moments)
        if measured is None:
            return Outcome(None, why="fewer than two rows have a value" if self.moments.values else NO_VALUE)
        words = shown(EPOCH + timedelta(microseconds=measured)) if self.of_type == "time" else f"{measured:.6g}"
        return Outcome(self.span.holds(measured), f"it is {words}", rows=self.moments.values)


def _mean(moments: Moments) -> float | None:
    return _float(moments.sum.total / moments.values) if moments.values else None


def _sum(moments: Moments) -> float | None:
    return _float(moments.sum.total) if moments.values else None


def _deviation(moments: Moments) -> float | None:
    """Of a sample: the sum of squares is divided by the number of values less one."""
    if moments.values < 2:
        return None
    total = moments.sum.total
    return math.sqrt(_float((moments.squares.total - total * total / moments.values) / (moments.values - 1)))


def _share(moments: Moments) -> float | None:
    return moments.values / moments.rows if moments.rows else None


def _float(exact: Any) -> float:
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


MEASURES: dict[str, tuple[str, Callable[[Moments], Any]]] = {
    "least": ("least value", lambda moments: moments.least),
    "greatest": ("greatest value", lambda moments: moments.greatest),
    "mean": ("mean", _mean),
    "sum": ("sum", _sum),
    "deviation": ("standard deviation", _deviation),
    "filled": ("share of rows with a value", _share),
}

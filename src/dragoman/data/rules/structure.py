"""Which columns the data have."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from dragoman.data.rules.base import Outcome, OverAll
from dragoman.data.rules.ranges import span_in_words
from dragoman.data.rules.rows import Rows
from dragoman.data.rules.shown import listed
from dragoman.spec.bounds import Span

__all__ = ["Structure", "column_count", "column_is_there", "columns_are", "columns_in_order", "nothing_else"]


class Structure(OverAll):
    """A rule about the columns. `fault_of` tells from what was seen what is wrong; nothing if it is kept.

    A column is there if any batch has it: a file of JSON lines may name one in its last row only.
    """

    def __init__(
        self, rule: str, words: str, fault_of: Callable[[Structure], str], columns: tuple[str, ...] = ()
    ) -> None:
        self.rule, self.words, self.columns, self.fault_of = rule, words, columns, fault_of
        self.orders: set[tuple[str, ...]] = set()  # all columns, as the batches had them
        self.filled: set[str] = set()  # the extra ones that have a value somewhere

    @property
    def names(self) -> list[str]:
        return sorted({name for names in self.orders for name in names})

    def fold(self, rows: Rows, numbers: NDArray[np.int64]) -> None:
        self.orders.add(rows.names)
        self.filled |= {name for name, array in rows.extras.items() if array.null_count < len(array)}

    def finish(self) -> Outcome:
        if not self.orders:
            return Outcome(None, why="there are no data")
        fault = self.fault_of(self)
        return Outcome(not fault, fault)


def column_is_there(column: str) -> Structure:
    """Some batch has the column."""
    return Structure(
        "missing",
        f"there is a column '{column}'",
        lambda seen: "" if column in seen.names else f"the columns are {listed(seen.names)}",
        (column,),
    )


def nothing_else(columns: Collection[str]) -> Structure:
    """There is no other column, not even an empty one. Those with values are shown by the rows that have them."""

    def fault_of(seen: Structure) -> str:
        empty = [name for name in seen.names if name not in columns and name not in seen.filled]
        return f"there is {listed(empty)}, without a value" if empty else ""

    return Structure("extra", "there are no other columns", fault_of)


def column_count(span: Span) -> Structure:
    """There are as many columns as the span says."""

    def fault_of(seen: Structure) -> str:
        return "" if span.holds(len(seen.names)) else f"there are {len(seen.names)}"

    return Structure("column-count", f"there are {span_in_words(span)} columns", fault_of)


def columns_are(columns: Collection[str], *, exactly: bool) -> Structure:
    """These columns are there, and no others if `exactly` these."""

    def fault_of(seen: Structure) -> str:
        missing = sorted(set(columns) - set(seen.names))
        more = sorted(set(seen.names) - set(columns)) if exactly else []
        return "; ".join([f"missing: {listed(missing)}"] * bool(missing) + [f"more: {listed(more)}"] * bool(more))

    words = f"the columns {'are' if exactly else 'have'} {listed(sorted(columns))}"
    return Structure("columns", words, fault_of)


def columns_in_order(columns: Sequence[str]) -> Structure:
    """Every batch has exactly these columns in this order."""

    def fault_of(seen: Structure) -> str:
        others = sorted(seen.orders - {tuple(columns)})
        return f"they are {listed(others[0])}" if others else ""

    return Structure("columns", f"the columns in order are {listed(columns)}", fault_of)

"""The two kinds of rules, and how they answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dragoman.data.rules.masks import Mask
from dragoman.data.rules.rows import Column, Rows

__all__ = ["Marks", "Outcome", "OverAll", "RowRule", "WholeRule", "on_values"]

NO_VALUE = "no row has a value"


class Marks(NamedTuple):
    """What a rule says of some rows."""

    broken: Mask  # [rows]
    judged: Mask | None  # [rows] those that it is about; None: all


class RowRule(NamedTuple):
    """A rule that each row keeps or breaks by itself.

    With `mostly` below 1 it is kept if at least this share of the judged rows keep it, and no single row is to blame.
    """

    rule: str
    words: str
    columns: tuple[str, ...]
    judge: Callable[[Rows], Marks]
    mostly: float = 1.0
    why: str = NO_VALUE  # it could not be judged; empty: without a row to judge it is kept

    @property
    def column(self) -> str:
        return ", ".join(self.columns)


class Outcome(NamedTuple):
    """What a rule over all rows found. `kept` is None if it could not be judged, and `why` says why."""

    kept: bool | None
    observed: str = ""
    why: str = ""
    rows: int = 0  # that it was judged on
    late: NDArray[np.int64] | None = None  # numbers of the rows that break it, ascending
    show: Callable[[int], str] | None = None  # the value of such a row


class WholeRule(Protocol):
    """A rule over all rows. What it keeps of them is bounded, on disk, or a few bytes for each."""

    mostly: float

    @property
    def rule(self) -> str:
        """Its kind."""

    @property
    def words(self) -> str:
        """What should be."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is about."""

    def fold(self, rows: Rows, numbers: NDArray[np.int64]) -> None:
        """Look at some rows; `numbers` are theirs in the order of judging, from 0."""

    def finish(self) -> Outcome:
        """The answer; called once, last."""

    def close(self) -> None:
        """Give back what it holds on disk."""


class OverAll:
    """A rule over all rows that no share of them can keep, and that holds nothing on disk."""

    mostly = 1.0

    def close(self) -> None:
        """Nothing to give back."""


def on_values(column: str, test: Callable[[Column], Mask]) -> Callable[[Rows], Marks]:
    """A judge of the rows that have a value in a column; `test` tells which values break the rule."""

    def judge(rows: Rows) -> Marks:
        one = rows.columns[column]
        broken = test(one)
        return Marks(broken if one.valid is None else broken & one.valid, one.valid)

    return judge

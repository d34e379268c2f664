"""How many rows there are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dragoman.data.rules.base import Outcome, OverAll
from dragoman.data.rules.ranges import span_in_words
from dragoman.data.rules.rows import Rows
from dragoman.spec.bounds import Span

__all__ = ["RowCount"]


class RowCount(OverAll):
    """There are as many rows as the span says."""

    def __init__(self, span: Span) -> None:
        self.rule, self.words, self.columns = "row-count", f"there are {span_in_words(span)} rows", ()
        self.span, self.rows = span, 0

    def fold(self, rows: Rows, numbers: NDArray[np.int64]) -> None:
        self.rows += rows.count

    def finish(self) -> Outcome:
        return Outcome(self.span.holds(self.rows), f"there are {self.rows:,}", rows=self.rows)

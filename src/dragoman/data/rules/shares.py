"""How the rows are spread over categories, such as languages and labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dragoman.data.rules.base import NO_VALUE, Outcome, OverAll
from dragoman.data.rules.rows import Rows
from dragoman.spec.contracts import ShareSpec

__all__ = ["CategoryCounts", "Share"]


class CategoryCounts:
    """Rows of some values of a column, and of all values. Shared by the rules of the column."""

    def __init__(self, column: str, values: Sequence[str]) -> None:
        self.column, self.values = column, pa.array(values, pa.string())
        self.rows = 0
        self.counts = np.zeros(len(values), dtype=np.int64)

    def fold(self, rows: Rows) -> None:
        codes, different = rows.columns[self.column].codes
        in_batch = np.bincount(codes + 1, minlength=len(different) + 1)[1:]  # -1: no value
        places = pc.index_in(different, value_set=self.values).fill_null(len(self.values)).to_numpy()
        self.counts += np.bincount(places, in_batch, minlength=len(self.counts) + 1)[:-1].astype(np.int64)
        self.rows += int(in_batch.sum())


class Share(OverAll):
    """One value has a share of the rows that have any."""

    def __init__(self, counts: CategoryCounts, number: int, share: ShareSpec) -> None:
        value = counts.values[number].as_py()
        ends = [f"at least {share.min:.4g}"] * (share.min > 0) + [f"at most {share.max:.4g}"] * (share.max < 1)
        self.rule, self.columns = "share", (counts.column,)
        self.words = f"the share of '{value}' in '{counts.column}' is {' and '.join(ends)}"
        self.counts, self.number, self.share = counts, number, share

    def fold(self, rows: Rows, numbers: NDArray[np.int64]) -> None:
        if self.number == 0:  # the first of the column's rules counts for all
            self.counts.fold(rows)

    def finish(self) -> Outcome:
        if not self.counts.rows:
            return Outcome(None, why=NO_VALUE)
        found = int(self.counts.counts[self.number])
        share = found / self.counts.rows
        observed = f"it is {share:.4g}: {found:,} of {self.counts.rows:,} rows"
        return Outcome(self.share.min <= share <= self.share.max, observed, rows=self.counts.rows)

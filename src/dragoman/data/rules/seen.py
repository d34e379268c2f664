"""Values that must stand somewhere in a column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from dragoman.data.rules.base import NO_VALUE, Outcome, OverAll
from dragoman.data.rules.masks import Mask, mask_of
from dragoman.data.rules.members import set_array
from dragoman.data.rules.rows import Rows
from dragoman.data.rules.shown import listed
from dragoman.spec.contracts import ColumnType

__all__ = ["HasEach"]


class HasEach(OverAll):
    """Each of the values stands in some row."""

    def __init__(self, column: str, values: Sequence[Any], type: ColumnType) -> None:
        self.rule, self.columns, self.column = "has-each", (column,), column
        self.words = f"'{column}' has each of {listed(values)} somewhere"
        self.values, self.members = list(values), set_array(values, type)
        self.found: Mask = np.zeros(len(values), dtype=bool)
        self.any = False

    def fold(self, rows: Rows, numbers: NDArray[np.int64]) -> None:
        different = rows.columns[self.column].codes[1]
        self.any |= len(different) > 0
        self.found |= mask_of(pc.is_in(self.members, value_set=different))

    def finish(self) -> Outcome:
        if not self.any:
            return Outcome(None, why=NO_VALUE)
        missing = [value for value, found in zip(self.values, self.found, strict=True) if not found]
        return Outcome(not missing, f"missing: {listed(missing)}" if missing else "")

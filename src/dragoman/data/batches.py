"""Rows on their way from a source: a batch of them, and the place in the file where each stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["Place", "SourceBatch"]


class Place(NamedTuple):
    """Where the rows of a batch stand: row i in line `first_line + i`, or in `lines[i]` where rows span lines.

    Lines are counted from 1. A source without lines, such as a table, counts rows.
    """

    file: str
    first_line: int = 1
    lines: NDArray[np.int64] | None = None  # [rows]

    def line_of(self, row: int) -> int:
        return self.first_line + row if self.lines is None else int(self.lines[row])

    def lines_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The line of each of some rows of the batch."""
        return rows + self.first_line if self.lines is None else self.lines[rows]


class SourceBatch(NamedTuple):
    """Some rows of one file, in the order of the file."""

    batch: pa.RecordBatch
    place: Place

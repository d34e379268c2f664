"""A few rows that break a rule: always the first ones by file and line, in whatever order they come."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dragoman.data.batches import Place
from dragoman.records import BadRow

__all__ = ["MAX_EXAMPLES", "Examples"]

MAX_EXAMPLES = 5


class Examples:
    """The first rows of those that were added."""

    def __init__(self) -> None:
        self.rows: list[BadRow] = []

    def add(self, place: Place, rows: NDArray[np.int64], show: Callable[[int], str]) -> None:
        """Add rows of a batch; `show` gives the value of one, and is asked only for those that are kept."""
        if not len(rows):
            return
        lines = place.lines_of(rows)
        if len(self.rows) == MAX_EXAMPLES and (place.file, lines.min()) > _key(self.rows[-1])[:2]:
            return
        first = np.argsort(lines, kind="stable")[:MAX_EXAMPLES]
        found = [BadRow(file=place.file, line=int(lines[one]), value=show(int(rows[one]))) for one in first]
        self.rows = heapq.nsmallest(MAX_EXAMPLES, [*self.rows, *found], key=_key)


def _key(row: BadRow) -> tuple[str, int, str]:
    return row.file, row.line, row.value

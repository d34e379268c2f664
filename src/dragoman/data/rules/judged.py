"""What a contract says of one batch of rows, and of rows that only all rows together show to be bad."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["Broken", "Judged", "LateRows"]


class Broken(NamedTuple):
    """A rule, and the rows of the batch that break it."""

    rule: str
    words: str
    column: str
    rows: NDArray[np.int64]  # positions in the batch, ascending


class Judged(NamedTuple):
    """The rows of one batch after judgement."""

    batch: pa.RecordBatch  # as many rows, typed as the contract says; a value that could not be read is null
    good: NDArray[np.bool_]  # [rows]
    broken: tuple[Broken, ...]

    def kept(self) -> pa.RecordBatch:
        """The good rows, with the columns and types of the contract."""
        import pyarrow as pa  # heavy: serving does without it

        return self.batch.filter(pa.array(self.good))

    def reasons(self) -> dict[int, list[str]]:
        """Position of each bad row → what is wrong with it, in the words of the rules."""
        found: dict[int, list[str]] = {}
        for broken in self.broken:
            for row in broken.rows.tolist():
                found.setdefault(row, []).append(broken.words)
        return dict(sorted(found.items()))


class LateRows(NamedTuple):
    """Rows that break a rule over all rows, such as a key that two rows have.

    `rows` are numbered in the order in which they were judged, from 0 over all batches, ascending.
    """

    rule: str
    words: str
    column: str
    rows: NDArray[np.int64]

    def between(self, start: int, stop: int) -> Iterator[int]:
        """Those of a batch that has the numbers `start` to `stop - 1`, as positions in it."""
        first, last = np.searchsorted(self.rows, (start, stop))
        yield from (self.rows[first:last] - start).tolist()

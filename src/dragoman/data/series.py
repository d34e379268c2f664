"""Rows of a table as series: one value every step, gaps included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.data.column_values import as_categories
from dragoman.data.columns import coded, require_columns
from dragoman.data.times import moments_of, words_of
from dragoman.errors import InvalidData, InvalidInput

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["Series", "read_series"]

NO_SERIES = "all"
MOST_STEPS = 50_000_000  # of all series together, gaps included

Ints = NDArray[np.int64]


class Series(NamedTuple):
    """One series on its grid."""

    name: str  # the values of its columns
    start: int  # microseconds since 1970
    rows: Ints  # [steps] of the table; -1 for a step without one

    def times(self, step: int) -> Ints:
        """`[steps]` microseconds since 1970."""
        return self.start + step * np.arange(len(self.rows))


def read_series(table: pa.Table, *, time: str, step: int, series: Sequence[str]) -> list[Series]:
    """The series of a table, by name. `step` is in microseconds.

    Raises `InvalidData` for a column that is not there, a row without a time or a name, two rows of one series at one
    time, and a time that does not lie on the grid of its series.
    """
    try:
        require_columns([time, *series], table.schema)
        moments = moments_of(table.column(time), time)
    except InvalidInput as error:
        raise InvalidData(error.message, help=error.help) from None
    codes, names = _names(table, series)
    order = np.lexsort((moments, codes))
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    parts = [order[start:end] for start, end in zip(starts, [*starts[1:], len(order)], strict=True)]
    _refuse_sizes(moments, parts, step)
    found = [_series(names[codes[rows[0]]], moments[rows], rows, step) for rows in parts]
    return sorted(found, key=lambda one: one.name)


def _names(table: pa.Table, columns: Sequence[str]) -> tuple[Ints, list[str]]:
    """The number of each row's series, and their names."""
    if not columns:
        return np.zeros(table.num_rows, dtype=np.int64), [NO_SERIES]
    parts = [as_categories(table.column(name), name).to_pylist() for name in columns]
    for name, values in zip(columns, parts, strict=True):
        if missing := values.count(None):
            raise InvalidData(f"{missing} rows have no '{name}', which names their series.", help="Fill it.")
    import pyarrow as pa  # heavy: serving does without it

    return coded(pa.chunked_array([pa.array([", ".join(row) for row in zip(*parts, strict=True)])]))


def _refuse_sizes(moments: Ints, parts: Sequence[Ints], step: int) -> None:
    steps = sum(int(moments[rows[-1]] - moments[rows[0]]) // step + 1 for rows in parts)
    if steps > MOST_STEPS:
        raise InvalidData(
            f"The series have {steps:,} steps in all, most of them gaps: {len(moments):,} rows.",
            help="Is 'forecast.step' the time between two values?",
        )


def _series(name: str, moments: Ints, rows: Ints, step: int) -> Series:
    passed = moments - moments[0]
    if len(off := np.flatnonzero(passed % step)):
        raise InvalidData(
            f"The series '{name}' has a value at {words_of(moments[off[:1]])[0]}, between two steps.",
            help=f"Steps are counted from its first value, at {words_of(moments[:1])[0]}. Round the times, or change "
            "'forecast.step'.",
        )
    places = passed // step
    if len(twice := np.flatnonzero(np.diff(places) == 0)):
        raise InvalidData(
            f"The series '{name}' has two values at {words_of(moments[twice[:1]])[0]}.",
            help="Keep one; or name the columns that tell series apart in 'forecast.series'.",
        )
    grid = np.full(int(places[-1]) + 1, -1, dtype=np.int64)
    grid[places] = rows
    return Series(name, int(moments[0]), grid)

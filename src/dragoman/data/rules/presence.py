"""Whether there is a value, and whether it is of the column's type."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from dragoman.data.rules.base import Marks, RowRule
from dragoman.data.rules.masks import Mask, mask_of
from dragoman.data.rules.rows import Column, Rows
from dragoman.spec.contracts import ColumnType

__all__ = ["has_no_value", "has_type", "has_value", "no_other_columns"]

TYPE_WORDS: dict[ColumnType, str] = {
    "string": "text in UTF-8",
    "integer": "an integer of 64 bits",
    "number": "a finite number",
    "boolean": "true or false",
    "time": "a time in ISO 8601",
}


def has_type(column: str, type: ColumnType) -> RowRule:
    """Every value is of the type."""

    def judge(rows: Rows) -> Marks:
        one = rows.columns[column]
        return Marks(_wrong(one, rows.count), _given(one))

    return RowRule("type", f"'{column}' is {TYPE_WORDS[type]}", (column,), judge, why="")


def has_value(column: str, *, mostly: float = 1.0) -> RowRule:
    """Every row has a value, of whichever type."""

    def judge(rows: Rows) -> Marks:
        given = _given(rows.columns[column])
        return Marks(np.zeros(rows.count, dtype=bool) if given is None else ~given, None)

    return RowRule("required", f"'{column}' has a value", (column,), judge, mostly, why="")


def has_no_value(column: str, *, mostly: float = 1.0) -> RowRule:
    """No row has a value."""

    def judge(rows: Rows) -> Marks:
        given = _given(rows.columns[column])
        return Marks(np.ones(rows.count, dtype=bool) if given is None else given, None)

    return RowRule("null", f"'{column}' has no value", (column,), judge, mostly, why="")


def no_other_columns() -> RowRule:
    """No row has a value in a column that the contract does not name."""

    def judge(rows: Rows) -> Marks:
        found = np.zeros(rows.count, dtype=bool)
        for array in rows.extras.values():
            if array.null_count < len(array) and not pa.types.is_null(array.type):
                found |= mask_of(array.is_valid())
        return Marks(found, None)

    return RowRule("extra", "there are no other columns", (), judge, why="")


def _wrong(column: Column, count: int) -> Mask:
    return np.zeros(count, dtype=bool) if column.wrong is None else column.wrong


def _given(column: Column) -> Mask | None:
    """`[rows]` whether there is a value, of whichever type; None if every row has one."""
    if column.wrong is None or column.valid is None:
        return column.valid
    return column.valid | column.wrong

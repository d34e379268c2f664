"""Values of a set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dragoman.data.rules.base import RowRule, on_values
from dragoman.data.rules.casts import ARROW_TYPES
from dragoman.data.rules.masks import Mask, mask_of
from dragoman.data.rules.rows import Column
from dragoman.data.rules.shown import listed
from dragoman.spec.contracts import ColumnType

__all__ = ["among", "not_among", "set_array"]


def among(
    column: str, values: Sequence[Any], type: ColumnType, *, mostly: float = 1.0, rule: str = "values"
) -> RowRule:
    """Every value is one of these."""
    members = set_array(values, type)
    words = f"'{column}' is {'one of ' if len(values) > 1 else ''}{listed(values)}"
    return RowRule(rule, words, (column,), on_values(column, lambda one: ~is_member(one, members)), mostly)


def not_among(column: str, values: Sequence[Any], type: ColumnType, *, mostly: float = 1.0) -> RowRule:
    """No value is one of these."""
    members = set_array(values, type)
    words = f"'{column}' is {'none of ' if len(values) > 1 else 'not '}{listed(values)}"
    return RowRule("forbidden", words, (column,), on_values(column, lambda one: is_member(one, members)), mostly)


def set_array(values: Sequence[Any], type: ColumnType) -> pa.Array:
    """The values as an Arrow array of the column's type."""
    if type == "number":
        values = [float(value) + 0.0 for value in values]  # -0.0 is 0.0
    return pa.array(values, ARROW_TYPES[type])


def is_member(column: Column, members: pa.Array) -> Mask:
    """`[rows]` whether the value is in the set; looked up once for each different value."""
    indices, different = column.codes
    known = mask_of(pc.is_in(different, value_set=members))
    return np.asarray(np.append(known, False)[indices])

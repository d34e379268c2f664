"""Columns that a model reads, as signals: amounts, categories, and whether a value is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dragoman.profiles.columns import Coded, Column
from dragoman.records import FeatureColumn

__all__ = ["UNKNOWN_LANGUAGE", "category_name", "columns_of_rows"]

UNKNOWN_LANGUAGE = "und"  # BCP 47: of rows that have none
LARGEST = float(np.finfo(np.float32).max)  # beyond it a model of a table reads its largest number


def columns_of_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[FeatureColumn]) -> dict[str, Column]:
    """What rows have in the columns that a model reads, as signals `[rows]`: two of each column.

    `rows` have values as requests carry them, by name; other columns than these are left out. A value that is None,
    NaN or not there is missing. Values have the types that training saw: `FeatureSchema.encode` has refused others.
    """
    found: dict[str, Column] = {}
    for column in columns:
        values = [row.get(column.name) for row in rows]
        if column.kind == "number":
            numbers = _numbers(values)
            found[f"number.{column.name}"], is_missing = numbers, np.isnan(numbers)
        else:
            categories = _categories(values)
            found[f"category.{column.name}"], is_missing = categories, categories.codes < 0
        found[f"missing.{column.name}"] = is_missing.astype(np.float32)
    return found


def category_name(value: Any) -> str | None:
    """The name of a category as a request carries it: "gold", 3 → "3", True → "true"; None for one that is missing."""
    if isinstance(value, str):
        return value
    if value is None or value != value:  # noqa: PLR0124 (NaN)
        return None
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    return str(int(value)) if value == int(value) else str(value)


def _numbers(values: Sequence[Any]) -> NDArray[np.float64]:
    short = [float(max(-LARGEST, min(LARGEST, value))) if isinstance(value, int) else value for value in values]
    return np.clip(np.array(short, dtype=np.float64), -LARGEST, LARGEST)


def _categories(values: Sequence[Any]) -> Coded:
    """In codes, among them one for the empty text."""
    found = [category_name(value) for value in values]
    names = [name for name in dict.fromkeys(found) if name is not None]
    place: dict[str | None, int] = {name: number for number, name in enumerate(names)}
    return Coded(names, np.array([place.get(name, -1) for name in found], dtype=np.int32))

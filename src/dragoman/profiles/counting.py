"""How many values of a column fall into each bin of a layout."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dragoman.profiles.columns import Coded, Column, coded
from dragoman.profiles.layout import Layout

__all__ = ["as_numbers", "count_categories", "count_column", "count_numbers", "edges_for"]

Ints = NDArray[np.int64]
Numbers = NDArray[np.float32] | NDArray[np.float64]


def as_numbers(column: NDArray[Any]) -> Numbers:
    """float32 as it is, everything else as float64."""
    return column if column.dtype == np.float32 else column.astype(np.float64, copy=False)


def edges_for(layout: Layout, dtype: np.dtype[Any]) -> Numbers:
    """The edges `[bins + 1]`, outer ones included, in the precision of the values.

    So a value that was an edge's decimal number before it became float32 is on the same side of it afterwards.
    """
    return np.array([-np.finfo(dtype).max, *layout.edges, np.inf], dtype=dtype)


def count_numbers(values: Numbers, edges: Numbers) -> Ints:
    """Counts `[bins]` of values, which are sorted in place. Not a number and infinite are missing.

    Sorting and looking up the edges among the values takes a quarter of the time of looking up each value among the
    edges: numpy sorts with vector instructions.
    """
    values.sort()
    return np.diff(np.searchsorted(values, edges, side="left"))


def count_categories(column: Coded, layout: Layout) -> Ints:
    """Counts `[bins]` of a column of categories."""
    place = {name: number for number, name in enumerate(layout.categories)}
    bins = np.array([*(place.get(name, len(place)) for name in column.names), layout.bins])  # the last for code -1
    codes = np.maximum(column.codes, -1)
    return np.bincount(bins[codes], minlength=layout.bins + 1)[: layout.bins].astype(np.int64, copy=False)


def count_column(column: Column, layout: Layout) -> Ints:
    """Counts `[bins]` of a column of either kind."""
    if layout.kind == "category":
        return count_categories(coded(column), layout)
    values = as_numbers(np.array(column))
    return count_numbers(values, edges_for(layout, values.dtype))

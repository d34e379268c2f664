"""Values of many texts as columns, one array per signal."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.errors import InvalidInput
from dragoman.profiles.probe import DIRECTIONS, EMBEDDING_SIGNALS
from dragoman.profiles.signals import COLUMN_FAMILIES, SIGNALS, Measured, family_of

__all__ = ["Coded", "Column", "Columns", "check_columns", "coded", "columns_of", "is_category", "rows_of"]


class Coded(NamedTuple):
    """A column of few names: `names[codes[i]]` is the value of row `i`; a negative code is missing."""

    names: Sequence[str]
    codes: NDArray[np.integer[Any]]  # [rows]


Column = NDArray[Any] | Coded
Columns = Mapping[str, Column]


def columns_of(measured: Sequence[Measured], projections: NDArray[np.float32] | None = None) -> dict[str, NDArray[Any]]:
    """Measured texts and their projections `[texts, 16]` as columns `[texts]`.

    Numbers are float64, NaN where missing; categories are objects, None where missing.
    """
    columns: dict[str, NDArray[Any]] = {}
    for place, name in enumerate(Measured._fields):
        values = [one[place] for one in measured]
        columns[name] = np.array(values, dtype=np.float64 if SIGNALS[name].kind == "number" else object)
    if projections is not None:
        columns |= zip(EMBEDDING_SIGNALS, np.ascontiguousarray(projections.T), strict=True)
    return columns


def coded(column: Column | Sequence[str | None]) -> Coded:
    """A column of strings in codes. Empty strings, None and whatever else is no string are missing."""
    if isinstance(column, Coded):
        return column
    values = column.tolist() if isinstance(column, np.ndarray) else list(column)
    names = [name for name in dict.fromkeys(values) if isinstance(name, str) and name]
    place: dict[Any, int] = {name: number for number, name in enumerate(names)}
    return Coded(names, np.array([place.get(value, -1) for value in values], dtype=np.int32))


def is_category(signal: str) -> bool:
    """Whether a signal's values are names."""
    return SIGNALS[family_of(signal)].kind == "category"


def rows_of(column: Column, rows: slice | NDArray[np.intp]) -> Column:
    """Some rows of a column."""
    return Coded(column.names, column.codes[rows]) if isinstance(column, Coded) else column[rows]


def check_columns(columns: Columns, rows: int) -> None:
    """Raises `InvalidInput` for a column that is no signal or has another length, and for some embeddings only."""
    for name, column in columns.items():
        length = len(column.codes if isinstance(column, Coded) else column)
        if not _is_signal(name):
            raise InvalidInput(f"There is no signal {name!r}.", help=f"Signals are {', '.join(SIGNALS)}.")
        if length != rows:
            raise InvalidInput(f"The column {name!r} has {length} rows, not {rows}.", help="Give a value per text.")
    _check_embeddings(columns.keys() & set(EMBEDDING_SIGNALS))


def _is_signal(name: str) -> bool:
    family, _, column = name.partition(".")
    return name in COLUMN_NAMES or (family in COLUMN_FAMILIES and bool(column))


def _check_embeddings(given: Collection[str]) -> None:
    if given and len(given) < DIRECTIONS:
        raise InvalidInput(
            f"There are {len(given)} of {DIRECTIONS} projections.", help="Give embedding.0 to embedding.15, or none."
        )


COLUMN_NAMES = {*Measured._fields, *EMBEDDING_SIGNALS}

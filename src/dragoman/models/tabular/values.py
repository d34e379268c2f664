"""One value of a column as a number: the same for a row of a request and for a column of a table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dragoman.data.column_values import LARGEST, as_categories, as_numbers
from dragoman.errors import InvalidRequest
from dragoman.records import FeatureColumn

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["CategoryReader", "NumberReader", "ValueReader", "reader_of"]

MISSING = math.nan
SHOWN_CHARACTERS = 40

Floats = NDArray[np.float32]


class ValueReader(Protocol):
    """Reads the values of one column."""

    column: FeatureColumn

    def read(self, value: Any) -> float:
        """The number of a value, NaN for one that is missing. Raises `InvalidRequest` naming the column."""

    def read_column(self, values: pa.ChunkedArray) -> Floats:
        """The same for a column of a table, `[rows]`. Raises `InvalidData`."""


def reader_of(column: FeatureColumn) -> ValueReader:
    """The reader of a column's kind."""
    return NumberReader(column) if column.kind == "number" else CategoryReader(column)


class NumberReader:
    """Amounts. What float32 cannot hold is its largest number."""

    def __init__(self, column: FeatureColumn) -> None:
        self.column = column

    def read(self, value: Any) -> float:
        value = _plain(value)
        if value is None or value != value:  # noqa: PLR0124 (NaN)
            return _missing(self.column)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _wrong(self.column, value, "a number")
        return max(-LARGEST, min(LARGEST, value))

    def read_column(self, values: pa.ChunkedArray) -> Floats:
        return as_numbers(values, self.column.name)


class CategoryReader:
    """Names: texts, booleans, and whole numbers. One that training has not seen counts as missing."""

    def __init__(self, column: FeatureColumn) -> None:
        self.column = column
        self.codes = {name: float(code) for code, name in enumerate(column.categories)}

    def read(self, value: Any) -> float:
        value = _plain(value)
        if value is None or value != value:  # noqa: PLR0124 (NaN)
            return _missing(self.column)
        if isinstance(value, bool):
            value = "true" if value else "false"
        elif isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
            value = str(int(value))
        if not isinstance(value, str):
            raise _wrong(self.column, value, "a text, a boolean or a whole number")
        return self.codes.get(value, MISSING)

    def read_column(self, values: pa.ChunkedArray) -> Floats:
        import pyarrow as pa  # heavy: serving does without it
        import pyarrow.compute as pc

        names = as_categories(values, self.column.name)
        codes = pc.index_in(names, pa.array(self.column.categories, names.type))
        return np.asarray(codes.cast(pa.float32()).to_numpy(), dtype=np.float32)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _missing(column: FeatureColumn) -> float:
    if column.required:
        raise InvalidRequest(f"The column '{column.name}' has no value.", help="This model cannot answer without it.")
    return MISSING


def _wrong(column: FeatureColumn, value: Any, wanted: str) -> InvalidRequest:
    shown = repr(value)
    if len(shown) > SHOWN_CHARACTERS:
        shown = shown[:SHOWN_CHARACTERS] + "…"
    return InvalidRequest(
        f"The column '{column.name}' has the value {shown}, which is not {wanted}.",
        help="Give values as they were in training; null, or no value, says that it is not known.",
    )

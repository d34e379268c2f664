"""The values of a column as float32 numbers, or as names of categories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dragoman.errors import InvalidData

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["LARGEST", "as_categories", "as_numbers"]

LARGEST = float(np.finfo(np.float32).max)  # beyond it float32 has infinity only

Floats = NDArray[np.float32]


def as_numbers(values: pa.ChunkedArray, name: str) -> Floats:
    """`[rows]`, NaN for a row without a value. Raises `InvalidData` for a column of something else."""
    import pyarrow as pa  # heavy: serving does without it

    types = pa.types
    kind = values.type
    if not (types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind) or types.is_null(kind)):
        raise _wrong_column(name, values, "numbers")
    numbers: NDArray[np.float64] = values.cast(pa.float64(), safe=False).to_numpy()
    return np.clip(numbers, -LARGEST, LARGEST).astype(np.float32)


def as_categories(values: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """The names as texts. Raises `InvalidData` for a column of something else."""
    import pyarrow as pa  # heavy: serving does without it
    import pyarrow.compute as pc

    types = pa.types
    if types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if types.is_floating(values.type):
        values = _whole(values, name)
    kind = values.type
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind) or types.is_null(kind):
        return values.cast(pa.string())
    if types.is_boolean(kind):
        return pc.if_else(values, "true", "false")
    if types.is_integer(kind):
        return values.cast(pa.string())
    raise _wrong_column(name, values, "texts, booleans or whole numbers")


def _whole(values: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    import pyarrow as pa  # heavy: as above
    import pyarrow.compute as pc

    known = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    try:
        return known.cast(pa.int64())
    except pa.ArrowInvalid:
        raise _wrong_column(name, values, "whole numbers") from None


def _wrong_column(name: str, values: pa.ChunkedArray, wanted: str) -> InvalidData:
    return InvalidData(
        f"The column '{name}' ({values.type}) does not hold {wanted}.",
        help="Give it the values that it had in training, or train the model again.",
    )

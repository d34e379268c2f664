"""Columns of a table as arrays of numbers."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dragoman.errors import InvalidInput

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["coded", "first_rows", "require_columns"]

Ints = NDArray[np.int64]


def require_columns(names: Iterable[str], schema: pa.Schema) -> None:
    """Raises `InvalidInput` for a column that is not there, with the nearest name."""
    for name in names:
        if name not in schema.names:
            near = difflib.get_close_matches(name, schema.names, n=1)
            listed = ", ".join(f"'{one}'" for one in schema.names)
            raise InvalidInput(
                f"There is no column '{name}'.", help=f"Did you mean '{near[0]}'?" if near else f"There are {listed}."
            )


def coded(column: pa.ChunkedArray) -> tuple[Ints, list[Any]]:
    """The number of each row's value, and the values; a row without a value has -1. Values have the order of rows."""
    import pyarrow as pa  # heavy: serving does without it
    import pyarrow.compute as pc  # heavy: as above

    encoded = pc.dictionary_encode(column).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0) if encoded.num_chunks else pa.array([], encoded.type)
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, encoded.dictionary.to_pylist()


def first_rows(codes: Ints) -> Ints:
    """The first row with the same value as each row; of a row without a value, itself."""
    rows = np.arange(len(codes))
    has_value = codes >= 0
    firsts = np.full(int(codes.max(initial=-1)) + 1, len(codes), dtype=np.int64)
    np.minimum.at(firsts, codes[has_value], rows[has_value])
    found = rows.copy()
    found[has_value] = firsts[codes[has_value]]
    return found

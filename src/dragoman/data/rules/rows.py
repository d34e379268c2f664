"""Rows of a batch as rules see them: columns of the contract's types, with what several rules need made once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dragoman.data.rules.casts import read_values
from dragoman.data.rules.masks import Mask, mask_of
from dragoman.data.rules.utf8 import Bytes, text_bytes
from dragoman.errors import InvalidData
from dragoman.spec.contracts import ColumnSpec

__all__ = ["Column", "Rows", "read_rows"]

Ints = NDArray[np.int64]


class Column:
    """One column of some rows."""

    def __init__(self, values: pa.Array, wrong: Mask | None) -> None:
        self.values = values  # null where there is no value
        self.wrong = wrong  # [rows] values that are not of the type; None: none is

    @cached_property
    def valid(self) -> Mask | None:
        """`[rows]` whether there is a value; None if every row has one."""
        return mask_of(self.values.is_valid()) if self.values.null_count else None

    @cached_property
    def numbers(self) -> NDArray[Any]:
        """`[rows]` integers, floats or microseconds; 0 without a value."""
        values = self.values
        if pa.types.is_timestamp(values.type):
            values = values.cast(pa.int64())
        return np.asarray((values.fill_null(0) if values.null_count else values).to_numpy())

    @cached_property
    def text(self) -> tuple[Bytes, Ints]:
        """The bytes of all texts end to end, and `[rows + 1]` where each begins."""
        return text_bytes(self.values)

    @cached_property
    def codes(self) -> tuple[Ints, pa.Array]:
        """`[rows]` the number of each value in the different values, -1 without one; and the different values."""
        encoded = self.values.dictionary_encode()
        return np.asarray(encoded.indices.fill_null(-1).to_numpy()), encoded.dictionary

    def slice(self, start: int, stop: int) -> Column:
        return Column(self.values.slice(start, stop - start), None if self.wrong is None else self.wrong[start:stop])

    def filter(self, chosen: Mask) -> Column:
        return Column(self.values.filter(pa.array(chosen)), None if self.wrong is None else self.wrong[chosen])


class Rows:
    """Some rows: the contract's columns by name, and the other columns as they came.

    `names` are all columns that the batch has, in its order.
    """

    def __init__(
        self, count: int, columns: Mapping[str, Column], extras: Mapping[str, pa.Array], names: tuple[str, ...]
    ) -> None:
        self.count, self.columns, self.extras, self.names = count, columns, extras, names

    def slice(self, start: int, stop: int) -> Rows:
        columns = {name: column.slice(start, stop) for name, column in self.columns.items()}
        extras = {name: array.slice(start, stop - start) for name, array in self.extras.items()}
        return Rows(min(stop, self.count) - start, columns, extras, self.names)

    def filter(self, chosen: Mask) -> Rows:
        columns = {name: column.filter(chosen) for name, column in self.columns.items()}
        extras = {name: array.filter(pa.array(chosen)) for name, array in self.extras.items()}
        return Rows(int(chosen.sum()), columns, extras, self.names)

    def valid(self, names: Sequence[str]) -> Mask | None:
        """`[rows]` whether all of these columns have a value; None if all rows have."""
        masks = [mask for name in names if (mask := self.columns[name].valid) is not None]
        return np.logical_and.reduce(masks) if masks else None

    def to_batch(self, *, extras: bool) -> pa.RecordBatch:
        """The columns in the order of the contract, then the others."""
        arrays = {name: column.values for name, column in self.columns.items()} | (dict(self.extras) if extras else {})
        return pa.RecordBatch.from_arrays(list(arrays.values()), names=list(arrays))


def read_rows(batch: pa.RecordBatch, columns: Mapping[str, ColumnSpec], pool: Executor) -> Rows:
    """Read the columns of a batch as the contract's types; a column that it lacks has no values.

    Raises `InvalidData` if two columns have the same name.
    """
    names = tuple(batch.schema.names)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidData(f"Two columns are called {twice!r}.", help="Give each a name of its own.")
    given = dict(zip(names, batch.columns, strict=True))
    nothing = pa.nulls(batch.num_rows)
    read = pool.map(lambda name: Column(*read_values(given.get(name, nothing), columns[name])), columns)
    extras = {name: array for name, array in given.items() if name not in columns}
    return Rows(batch.num_rows, dict(zip(columns, read, strict=True)), extras, names)

"""Columns as a Delta table takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dragoman.errors import InvalidData

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["fit_batch", "same_columns", "storable", "unified"]


def storable(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch without columns that have no type yet; times in microseconds and UTC; what is nested as JSON text.

    Raises `InvalidData` for values that no type of Delta holds.
    """
    import pyarrow as pa  # heavy: serving does without it

    fields = [field for field in batch.schema if not pa.types.is_null(field.type)]
    arrays = [_storable(batch.column(field.name), field.name) for field in fields]
    return pa.RecordBatch.from_arrays(arrays, names=[field.name for field in fields])


def unified(schemas: list[pa.Schema]) -> pa.Schema:
    """The columns of all; integers and floats together are floats. Raises `InvalidData` for others that differ."""
    import pyarrow as pa  # heavy: serving does without it

    try:
        return pa.unify_schemas(schemas, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise InvalidData(
            f"A column has values of two types: {str(error).partition(chr(10))[0]}.",
            help='Declare the column in the contract, or drop columns that it does not name: extra = "drop".',
        ) from None


def fit_batch(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with the columns and types of a schema; what it lacks has no values."""
    import pyarrow as pa  # heavy: serving does without it

    def column(field: pa.Field) -> pa.Array:
        if field.name not in batch.schema.names:
            return pa.nulls(batch.num_rows, field.type)
        return batch.column(field.name).cast(field.type)

    return pa.RecordBatch.from_arrays([column(field) for field in schema], schema=schema)


def same_columns(one: pa.Schema, other: pa.Schema) -> bool:
    """Whether two schemas have columns of the same names and types, in whichever order."""
    return {field.name: field.type for field in one} == {field.name: field.type for field in other}


def _storable(array: pa.Array, name: str) -> pa.Array:
    import pyarrow as pa  # heavy: serving does without it

    if pa.types.is_nested(array.type):
        return pa.array([None if value is None else _as_json(value) for value in array.to_pylist()], pa.string())
    wanted = _type_for(array.type)
    try:
        return array if wanted == array.type else array.cast(wanted, safe=not pa.types.is_temporal(wanted))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InvalidData(
            f"The column '{name}' cannot be stored: {str(error).partition(chr(10))[0]}.",
            help='Declare the column in the contract, or drop it: extra = "drop".',
        ) from None


def _type_for(kind: Any) -> Any:
    import pyarrow as pa  # heavy: serving does without it

    types = pa.types
    if types.is_dictionary(kind):
        return _type_for(kind.value_type)
    if types.is_unsigned_integer(kind):
        return {8: pa.int16(), 16: pa.int32(), 32: pa.int64(), 64: pa.int64()}[kind.bit_width]
    if types.is_timestamp(kind):
        return pa.timestamp("us", "UTC")
    if types.is_date(kind):
        return pa.date32()
    for is_kind, wanted in (
        (types.is_large_string, pa.string()),
        (types.is_string_view, pa.string()),
        (types.is_large_binary, pa.binary()),
        (types.is_binary_view, pa.binary()),
        (types.is_fixed_size_binary, pa.binary()),
        (types.is_float16, pa.float32()),
        (types.is_time, pa.string()),
        (types.is_duration, pa.int64()),
    ):
        if is_kind(kind):
            return wanted
    return kind


def _as_json(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()

"""Values read as the type of their column. What cannot be read is null, and marked as wrong."""

from __future__ import annotations

from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from dragoman.data.rules.masks import Mask, mask_of
from dragoman.data.rules.numbers import floats_from_text, integers_from_text, integral
from dragoman.data.rules.times import times_from_text, times_of
from dragoman.data.rules.utf8 import wrong_texts
from dragoman.errors import InvalidInput
from dragoman.spec.contracts import ColumnSpec, ColumnType

__all__ = ["ARROW_TYPES", "Read", "read_values"]

ARROW_TYPES: dict[ColumnType, Any] = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "time": pa.timestamp("us", "UTC"),
}


class Read(NamedTuple):
    """A column as the contract wants it."""

    values: pa.Array  # null where there is no value, or none that could be read
    wrong: Mask | None  # [rows] values that could not be read; None: all could


def read_values(raw: pa.Array, column: ColumnSpec) -> Read:
    """Read an Arrow array of any type as the column's type.

    A value counts only if it keeps its meaning: `3.0` is an integer, `3.5` is none. Text is read strictly.
    """
    raw = _plain(raw)
    if column.nan == "null" and column.type in ("integer", "number"):
        raw = _without_nan(raw)
    nothing = pa.nulls(len(raw), ARROW_TYPES[column.type])
    if pa.types.is_null(raw.type):
        return Read(nothing, None)
    values = READERS[column.type](raw)
    values = nothing if values is None else values
    lost = values.null_count > raw.null_count
    return Read(values, mask_of(pc.and_(raw.is_valid(), values.is_null())) if lost else None)


def _plain(raw: pa.Array) -> pa.Array:
    """Dictionaries and views decoded, extensions taken off."""
    if isinstance(raw, pa.ExtensionArray):
        raw = raw.storage
    if pa.types.is_dictionary(raw.type):
        return _plain(raw.cast(raw.type.value_type))
    if pa.types.is_run_end_encoded(raw.type):
        return _plain(pc.run_end_decode(raw))
    if pa.types.is_string_view(raw.type) or pa.types.is_large_string(raw.type):
        return _cast_text(raw, pa.string())
    if pa.types.is_binary_view(raw.type) or pa.types.is_large_binary(raw.type):
        return _cast_text(raw, pa.binary())
    return raw


def _cast_text(raw: pa.Array, kind: Any) -> pa.Array:
    try:
        return raw.cast(pa.binary()).cast(kind, safe=False)
    except pa.ArrowInvalid:
        raise InvalidInput("A batch has more than 2 GiB of text.", help="Read smaller batches.") from None


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_binary(kind))


def _is_decimal(kind: Any) -> bool:
    return bool(pa.types.is_decimal(kind))


def _without_nan(raw: pa.Array) -> pa.Array:
    if pa.types.is_floating(raw.type):
        return pc.if_else(pc.is_nan(raw), None, raw)
    if _is_text(raw.type):
        return pc.if_else(pc.is_in(raw, value_set=pa.array(NAN_WORDS, raw.type)), None, raw)
    return raw


# One reader for each type: an array, or None where no value of the given type could be read -------------------------


def _read_string(raw: pa.Array) -> pa.Array | None:
    if not _is_text(raw.type):
        return None
    wrong = wrong_texts(raw)
    if wrong is not None:
        raw = pc.if_else(pa.array(wrong), None, raw.cast(pa.binary()))
    return raw.cast(pa.string(), safe=wrong is not None)


def _read_integer(raw: pa.Array) -> pa.Array | None:
    if pa.types.is_uint64(raw.type):
        return pc.if_else(pc.less_equal(raw, pa.scalar(2**63 - 1, pa.uint64())), raw, None).cast(pa.int64())
    if pa.types.is_integer(raw.type):
        return raw.cast(pa.int64())
    if pa.types.is_floating(raw.type):
        return integral(raw.cast(pa.float64()))
    text = raw.cast(pa.string()) if _is_decimal(raw.type) else raw
    return integers_from_text(_sound(text)) if _is_text(text.type) else None


def _read_number(raw: pa.Array) -> pa.Array | None:
    if _is_text(raw.type):
        return floats_from_text(_sound(raw))
    if not (pa.types.is_integer(raw.type) or pa.types.is_floating(raw.type) or _is_decimal(raw.type)):
        return None
    values = raw.cast(pa.float64(), safe=False)
    return pc.if_else(pc.is_finite(values), pc.add(values, 0.0), None)  # -0.0 becomes 0.0


def _read_boolean(raw: pa.Array) -> pa.Array | None:
    if pa.types.is_boolean(raw.type):
        return raw
    if pa.types.is_integer(raw.type):
        known = pc.is_in(raw, value_set=pa.array([0, 1], raw.type))
        return pc.if_else(known, pc.equal(raw, pa.scalar(1, raw.type)), None)
    if not _is_text(raw.type):
        return None
    text = _sound(raw)
    yes, no = (pc.is_in(text, value_set=pa.array(words)) for words in (TRUE_WORDS, FALSE_WORDS))
    return pc.if_else(pc.or_(yes, no), yes, None)


def _read_time(raw: pa.Array) -> pa.Array | None:
    if _is_text(raw.type):
        return times_from_text(_sound(raw))
    return times_of(raw)


def _sound(raw: pa.Array) -> pa.Array:
    """Text in which bytes that are no UTF-8 are replaced by nothing: such a value is wrong for every type."""
    wrong = wrong_texts(raw)
    if wrong is None:
        return raw.cast(pa.string(), safe=False)
    return pc.if_else(pa.array(wrong), None, raw.cast(pa.binary())).cast(pa.string())


NAN_WORDS = ["NaN", "nan"]
TRUE_WORDS = ["true", "True", "TRUE", "1"]
FALSE_WORDS = ["false", "False", "FALSE", "0"]
READERS = {
    "string": _read_string,
    "integer": _read_integer,
    "number": _read_number,
    "boolean": _read_boolean,
    "time": _read_time,
}

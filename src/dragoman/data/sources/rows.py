"""Rows of Python values as batches: rows whose values are of the same kinds stand together.

An Arrow column has one type, a file or a database may have several in one column. Instead of guessing, rows are
grouped by the kinds of their values, so that a contract judges each value by what it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from dragoman.data.batches import Place, SourceBatch
from dragoman.data.sources.base import Columns

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["batches_of_rows"]

LEAST, MOST = -(2**63), 2**63 - 1

Row = Mapping[str, Any]
Kinds = dict[str, str]


def batches_of_rows(
    rows: Sequence[Row], lines: Sequence[int], *, file: str, columns: Columns
) -> Iterator[SourceBatch]:
    """The rows in as few batches as their kinds allow; `lines` says where each stands."""
    groups: list[tuple[Kinds, list[int]]] = []
    plain = [{name: _plain(value, columns.get(name)) for name, value in row.items()} for row in rows]
    for number, row in enumerate(plain):
        _place(number, {name: kind for name, (kind, _) in row.items() if kind}, groups)
    names = list(dict.fromkeys(name for row in rows for name in row))
    for kinds, numbers in groups:
        chosen = [plain[number] for number in numbers]
        batch = _batch(chosen, [name for name in names if any(name in row for row in chosen)], kinds, columns)
        yield SourceBatch(batch, Place(file, lines=np.array([lines[number] for number in numbers], dtype=np.int64)))


def _place(number: int, kinds: Kinds, groups: list[tuple[Kinds, list[int]]]) -> None:
    """Put a row to the first group that it fits; a value that is missing fits everywhere."""
    for known, numbers in groups:
        if all(known.get(name, kind) == kind for name, kind in kinds.items()):
            known.update(kinds)
            numbers.append(number)
            return
    groups.append((kinds, [number]))


def _batch(rows: Sequence[Row], names: Sequence[str], kinds: Kinds, columns: Columns) -> pa.RecordBatch:
    import pyarrow as pa  # heavy: serving does without it

    types = _types()
    arrays = []
    for name in names:
        kind = kinds.get(name, "")
        values = [row[name][1] if name in row else None for row in rows]
        if kind == "object" and name in columns:  # no column of a contract has values like these
            arrays.append(pa.array([None if value is None else [value] for value in values], pa.list_(pa.string())))
        else:
            arrays.append(pa.array(values, types[kind]))
    return pa.RecordBatch.from_arrays(arrays, names=list(names)) if names else _without_columns(len(rows))


def _without_columns(count: int) -> pa.RecordBatch:
    """Rows that have no field at all."""
    import pyarrow as pa  # heavy: serving does without it

    return pa.RecordBatch.from_struct_array(pa.array([{}] * count, pa.struct([])))


def _types() -> dict[str, Any]:
    import pyarrow as pa  # heavy: serving does without it

    return {
        "": pa.null(),
        "boolean": pa.bool_(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "string": pa.string(),
        "object": pa.string(),
        "bytes": pa.binary(),
        "date": pa.date32(),
        "time": pa.timestamp("us", "UTC"),
    }


def _plain(value: Any, wanted: str | None) -> tuple[str, Any]:
    """The kind of a value, and the value as Arrow takes it."""
    if value is None:
        return "", None
    if isinstance(value, str):
        return "string", value
    if isinstance(value, bool):
        return "boolean", value
    if isinstance(value, (int, float, Decimal)):
        return _number(value, wanted)
    return _other(value)


def _number(value: float | Decimal, wanted: str | None) -> tuple[str, Any]:
    if isinstance(value, Decimal) and value == value.to_integral_value() and wanted != "number":
        value = int(value)
    if not isinstance(value, int) or wanted == "number":
        return "number", _as_float(value)
    return ("integer", value) if LEAST <= value <= MOST else ("string", str(value))


def _as_float(value: float | Decimal) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _other(value: Any) -> tuple[str, Any]:
    if isinstance(value, datetime):
        return "time", value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, date):
        return "date", value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "bytes", bytes(value)
    if isinstance(value, (dict, list)):
        return "object", json.dumps(value, ensure_ascii=False, default=str)
    return "string", str(value)

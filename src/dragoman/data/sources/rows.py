"""Rows of Python values as batches: rows whose values are of the same kinds stand together.

An Arrow column has one type, a file or a database may have several in one column. Instead of guessing, rows are
grouped by the kinds of their values, so that a contract judges each value by what it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dragoman.data.batches import Place, SourceBatch
from dragoman.data.sources.base import Columns

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["batches_of_rows"]

LEAST, MOST = -(2**63), 2**63 - 1
MISSING = type(None)
ALIKE = {str: "string", bool: "boolean"}  # types whose values need no second look

Row = Mapping[str, Any]
Kinds = dict[str, str]


def batches_of_rows(rows: Sequence[Row], lines: Sequence[int], *, file: str, columns: Columns) -> Iterator[SourceBatch]:
    """The rows in as few batches as their kinds allow; `lines` says where each stands."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    values = {name: [row.get(name) for row in rows] for name in names}
    kinds = {name: _kind_of_all(column, columns.get(name)) for name, column in values.items()}
    if rows and None not in kinds.values():
        known = {name: kind for name, kind in kinds.items() if kind is not None}
        yield SourceBatch(_batch(values, known, len(rows), columns), _place(file, lines))
    else:
        for group in _groups(rows, columns):
            chosen = {name: [row.get(name) for row in group.rows] for name in names}
            present = {name: column for name, column in chosen.items() if any(name in rows[n] for n in group.numbers)}
            place = _place(file, [lines[number] for number in group.numbers])
            yield SourceBatch(_batch(present, group.kinds, len(group.rows), columns), place)


def _place(file: str, lines: Sequence[int]) -> Place:
    if lines[-1] - lines[0] == len(lines) - 1:  # they ascend
        return Place(file, lines[0])
    return Place(file, lines=np.array(lines, dtype=np.int64))


def _batch(values: Mapping[str, list[Any]], kinds: Kinds, rows: int, columns: Columns) -> pa.RecordBatch:
    import pyarrow as pa  # heavy: serving does without it

    types = _types()
    arrays = []
    for name, column in values.items():
        kind = kinds.get(name, "")
        if kind == "object" and name in columns:  # no column of a contract has values like these
            wrapped = [None if value is None else [value] for value in column]
            arrays.append(pa.array(wrapped, pa.list_(pa.string())))
        else:
            arrays.append(pa.array(column, types[kind]))
    if not arrays:  # rows that have no field at all
        return pa.RecordBatch.from_struct_array(pa.array([{}] * rows, pa.struct([])))
    return pa.RecordBatch.from_arrays(arrays, names=list(values))


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


# Rows of different kinds --------------------------------------------------------------------------------------------


class Group(NamedTuple):
    """Rows that fit into one batch."""

    kinds: Kinds
    numbers: list[int]
    rows: list[Row]  # with values as Arrow takes them


def _kind_of_all(values: Sequence[Any], wanted: str | None) -> str | None:
    """The kind of a column whose values are alike, and can stay as they are; None for others."""
    found = set(map(type, values)) - {MISSING}
    if not found:
        return ""
    if len(found) > 1:
        return None
    (kind,) = found
    if kind is int and wanted != "number":
        numbers = [value for value in values if value is not None]
        return "integer" if min(numbers) >= LEAST and max(numbers) <= MOST else None
    return "number" if kind is float else ALIKE.get(kind)


def _groups(rows: Sequence[Row], columns: Columns) -> list[Group]:
    groups: list[Group] = []
    for number, row in enumerate(rows):
        plain = {name: _plain(value, columns.get(name)) for name, value in row.items()}
        kinds = {name: kind for name, (kind, _) in plain.items() if kind}
        group = next((one for one in groups if _fits(kinds, one.kinds)), None)
        if group is None:
            groups.append(group := Group({}, [], []))
        group.kinds.update(kinds)
        group.numbers.append(number)
        group.rows.append({name: value for name, (_, value) in plain.items()})
    return groups


def _fits(kinds: Kinds, known: Kinds) -> bool:
    """A value that is missing fits everywhere."""
    return all(known.get(name, kind) == kind for name, kind in kinds.items())


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
    if isinstance(value, Decimal) and value.is_finite() and value == int(value) and wanted != "number":
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

"""Tables with rows that labels gave beside those of the data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dragoman.data.column_values import as_categories
from dragoman.data.served_rows import LABEL_PREFIX
from dragoman.data.table_examples import TableExamples
from dragoman.records import Example

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["examples_of", "rows_of", "with_rows"]

Read = Callable[[Mapping[str, Any]], dict[str, Any]]  # what the model reads of a row
FIELDS = ("id", "split", "language")


def rows_of(
    examples: TableExamples, read: Read, labels: Sequence[str]
) -> Iterator[tuple[Mapping[str, Any], str, str, str]]:
    """What the model reads of each row, its label, split and language."""
    rows = map(read, examples.table.to_pylist())
    names = [labels[int(place)] for place in examples.truth]
    yield from zip(rows, names, map(str, examples.splits), examples.languages, strict=True)


def examples_of(table: pa.Table, read: Read, target: str) -> list[Example]:
    """The rows that labels gave, with what the model reads of them."""
    from pyarrow import compute  # heavy: serving does without it

    found = table.filter(compute.starts_with(table["id"].cast("string"), LABEL_PREFIX))
    return [
        Example(
            id=row["id"],
            text="",
            label=row[target],
            language=row.get("language") or "und",
            split=row["split"],
            features=read(row),
        )
        for row in found.to_pylist()
    ]


def with_rows(examples: TableExamples, rows: Sequence[Example], *, target: str) -> pa.Table:
    """The table of the examples with rows below it that labels gave.

    Every row says its split, so that the new ones move none of the old, and its label by name. What a new row has not,
    or in another type, is missing in it; columns that only new rows have are those of views.
    """
    import pyarrow as pa  # heavy: serving does without it

    table = _with_column(examples.table, "split", pa.array(np.asarray(examples.splits, dtype=object), pa.string()))
    table = _with_column(table, target, as_categories(table[target], target))
    ids = table["id"].cast(pa.string()) if "id" in table.column_names else pa.nulls(len(table), pa.string())
    table = _with_column(table, "id", ids)
    others = sorted({name for row in rows for name in row.features} - set(table.column_names))
    own = {field.name: _column(field.name, field.type, rows, target) for field in table.schema}
    own |= {name: pa.array([row.features.get(name) for row in rows]) for name in others}
    return pa.concat_tables([table, pa.table(own)], promote_options="default")


def _with_column(table: pa.Table, name: str, values: Any) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.append_column(name, values) if place < 0 else table.set_column(place, name, values)


def _column(name: str, kind: pa.DataType, rows: Sequence[Example], target: str) -> pa.Array:
    """A column of the new rows."""
    if name == target:
        return _typed([row.label for row in rows], kind)
    if name in FIELDS:
        return _typed([getattr(row, name) for row in rows], kind)
    return _typed([row.features.get(name) for row in rows], kind)


def _typed(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    import pyarrow as pa  # heavy: serving does without it

    try:
        return pa.array(values, kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return pa.array([_value(value, kind) for value in values], kind)


def _value(value: Any, kind: pa.DataType) -> Any:
    """A value in the type of its column, or nothing."""
    import pyarrow as pa  # heavy: serving does without it

    try:
        return pa.array([value]).cast(kind)[0].as_py()
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return None

"""Keys of rows as numbers, and the table that gives events the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dragoman.errors import InvalidData
from dragoman.features.offline.points import Ints

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["CODE", "KeyCodes", "code_keys", "require_same_kinds"]

CODE = "code of the key"  # no column of a source should be called so


class KeyCodes(NamedTuple):
    """The distinct keys of some rows: 0, 1, 2 and so on, in no particular order."""

    codes: Ints  # [rows]; of a key with a missing part the number of keys, which no event has
    table: pa.Table  # each key once, with its number

    @property
    def size(self) -> int:
        return int(self.table.num_rows)


def code_keys(rows: pa.Table, keys: Sequence[str]) -> KeyCodes:
    """Number the distinct keys of the rows."""
    import pyarrow as pa  # heavy: serving does without it

    codes, missing = np.zeros(rows.num_rows, dtype=np.int64), np.zeros(rows.num_rows, dtype=np.bool_)
    for key in keys:
        values, count = _code_column(rows[key])
        missing |= values < 0
        codes = np.unique(codes * (count + 1) + np.maximum(values, 0), return_inverse=True)[1]
    known = np.flatnonzero(~missing)
    _, firsts, numbers = np.unique(codes[known], return_index=True, return_inverse=True)
    codes = np.full(rows.num_rows, len(firsts), dtype=np.int64)
    codes[known] = numbers
    table = rows.select(list(keys)).take(pa.array(known[firsts]))
    return KeyCodes(codes, table.append_column(CODE, pa.array(np.arange(len(firsts)))))


def require_same_kinds(rows: pa.Schema, events: pa.Schema, keys: Sequence[str], *, view: str) -> None:
    """Raise `InvalidData` for a key that rows and events cannot share."""
    for key in keys:
        if key not in rows.names:
            raise InvalidData(
                f"The rows have no column '{key}', a key of the view '{view}'.", help="Add it, or leave the view out."
            )
        one, other = rows.field(key).type, events.field(key).type
        if _kind_of(one) != _kind_of(other) or not _kind_of(one):
            raise InvalidData(
                f"The key '{key}' of the view '{view}' is {one} in the rows and {other} in the events.",
                help="Keys are texts, integers or booleans, and of one kind in both.",
            )


def _kind_of(kind: Any) -> str:
    import pyarrow as pa  # heavy: serving does without it

    types = pa.types
    if types.is_dictionary(kind):
        return _kind_of(kind.value_type)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return "text"
    return "integer" if types.is_integer(kind) else "boolean" if types.is_boolean(kind) else ""


def _code_column(column: pa.ChunkedArray) -> tuple[Ints, int]:
    """The number of each value, -1 for none, and how many there are."""
    import pyarrow.compute as pc  # heavy: serving does without it

    encoded = pc.dictionary_encode(column.combine_chunks())
    return pc.fill_null(encoded.indices, -1).to_numpy().astype(np.int64), len(encoded.dictionary)

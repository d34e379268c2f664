"""Keys: values, of one column or several together, that no two rows share; and how many different values there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dragoman.data.rules.base import NO_VALUE, Outcome
from dragoman.data.rules.key_store import KeyStore
from dragoman.data.rules.ranges import exact_span, span_in_words
from dragoman.data.rules.rows import Column, Rows
from dragoman.data.rules.shown import listed, shown
from dragoman.spec.bounds import Span

__all__ = ["Different", "Keys", "Unique"]

Ints = NDArray[np.int64]
Keyed = Literal["all", "any", "every row"]  # rows that have all the values, or any of them


class Keys:
    """The keys of all rows that have one."""

    def __init__(self, columns: Sequence[str], *, keyed: Keyed = "all", folder: Path | None = None) -> None:
        self.columns, self.keyed = tuple(columns), keyed
        self.store = KeyStore(folder)
        self.type: Any = None

    def fold(self, rows: Rows, numbers: Ints) -> None:
        chosen = self._chosen(rows)
        if chosen is not None:
            rows, numbers = rows.filter(chosen), numbers[chosen]
        if rows.count:
            columns = [rows.columns[name] for name in self.columns]
            self.type = columns[0].values.type
            self.store.add(_keys(columns), numbers)

    def show(self, number: int) -> str:
        return _shown_key(self.store.key_of(number), self.type, len(self.columns))

    def _chosen(self, rows: Rows) -> NDArray[np.bool_] | None:
        valid = [rows.columns[name].valid for name in self.columns]
        if self.keyed == "every row" or all(mask is None for mask in valid):
            return None
        masks = [np.ones(rows.count, dtype=bool) if mask is None else mask for mask in valid]
        return np.asarray((np.logical_and if self.keyed == "all" else np.logical_or).reduce(masks))


class Unique:
    """No two rows have the same key. All rows with a key that is not the only one break it."""

    def __init__(self, keys: Keys, *, mostly: float = 1.0) -> None:
        self.rule, self.columns, self.mostly, self.keys = "unique", keys.columns, mostly, keys
        one = len(keys.columns) == 1
        self.words = f"{'the value' if one else 'the values'} of {listed(keys.columns)} {'is' if one else 'are'} unique"

    def fold(self, rows: Rows, numbers: Ints) -> None:
        self.keys.fold(rows, numbers)

    def finish(self) -> Outcome:
        count = self.keys.store.count
        if not count:
            return Outcome(None, why=NO_VALUE)
        doubles = self.keys.store.doubles()
        kept = (count - len(doubles.numbers)) / count >= self.mostly
        return Outcome(kept, rows=count, late=doubles.numbers, show=self.keys.show)

    def close(self) -> None:
        self.keys.store.close()


class Different:
    """How many different values a column has, or their share of all values, lies in a span."""

    def __init__(self, keys: Keys, span: Span, *, share: bool) -> None:
        what = "different values, as a share of all," if share else "different values"
        self.rule, self.columns, self.keys, self.share = "different-values", keys.columns, keys, share
        self.words = f"the {what} of {listed(keys.columns)} are {span_in_words(span)}"
        self.span, self.mostly = exact_span(span, "number"), 1.0

    def fold(self, rows: Rows, numbers: Ints) -> None:
        self.keys.fold(rows, numbers)

    def finish(self) -> Outcome:
        count = self.keys.store.count
        if self.share and not count:
            return Outcome(None, why=NO_VALUE)
        doubles = self.keys.store.doubles()
        different = count - len(doubles.numbers) + doubles.keys
        found = different / count if self.share else different
        return Outcome(self.span.holds(found), f"there are {different:,}, of {count:,} values", rows=count)

    def close(self) -> None:
        self.keys.store.close()


def _keys(columns: Sequence[Column]) -> pa.Array:
    """Integers or texts that are equal exactly where the values are."""
    if len(columns) == 1:
        return _one_key(columns[0])
    parts: list[pa.Array] = []
    for column in columns:
        text = column.values.cast(pa.string())
        length = pc.binary_length(text).cast(pa.string())
        parts += [length.fill_null(NOTHING), text.fill_null("")]  # lengths keep "a", "bc" apart from "ab", "c"
    return pc.binary_join_element_wise(*parts, SEPARATOR)


def _one_key(column: Column) -> pa.Array:
    if pa.types.is_floating(column.values.type):
        return pa.array(column.numbers.view(np.int64))
    if pa.types.is_timestamp(column.values.type) or pa.types.is_boolean(column.values.type):
        return column.values.cast(pa.int64())
    return column.values


def _shown_key(key: int | bytes, type: Any, columns: int) -> str:
    """A key as the values that it was made of."""
    if isinstance(key, bytes):
        return shown(key) if columns == 1 else ", ".join(_parts(key))
    return shown(pa.array([key]).view(type)[0].as_py()) if not pa.types.is_boolean(type) else shown(bool(key))


def _parts(key: bytes) -> Iterator[str]:
    while key:
        length, _, rest = key.partition(SEPARATOR.encode())
        size = 0 if length == NOTHING.encode() else int(length)
        yield shown(None if length == NOTHING.encode() else rest[:size])
        key = rest[size + 1 :]


NOTHING, SEPARATOR = "-", ":"

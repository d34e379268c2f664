"""The columns that a model reads: how values of training and of requests become the same numbers."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from dragoman.data.column_values import as_categories, as_numbers
from dragoman.errors import InvalidData, InvalidRequest
from dragoman.models.tabular.values import reader_of
from dragoman.records import FeatureColumn, Record

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["FEATURES_FILE", "FeatureSchema"]

FEATURES_FILE = "features.json"  # in a bundle
MOST_CATEGORIES = 1_000
LEAST_ROWS = 2  # of a category: from one row nothing can be learned
LEAST_SHARE = 0.5  # of the rows with a value, that the categories must cover
LOOKED_AT = 100  # texts that say whether a column holds times
DATE = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?")

Floats = NDArray[np.float32]


class _Stored(Record, frozen=True, kw_only=True):
    columns: list[FeatureColumn]


class FeatureSchema:
    """Columns in the order in which a model reads them. Safe to share between threads.

    A value that is missing is NaN; a category is its place in `FeatureColumn.categories`, and one that training has
    not seen is NaN.
    """

    def __init__(self, columns: Iterable[FeatureColumn]) -> None:
        self.columns = tuple(columns)
        self._readers = [reader_of(column) for column in self.columns]
        self._names = {column.name for column in self.columns}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FeatureSchema) and self.columns == other.columns

    def __hash__(self) -> int:
        return hash(self.to_bytes())

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def categories(self) -> list[int]:
        """The places of the columns that hold categories."""
        return [place for place, column in enumerate(self.columns) if column.kind == "category"]

    @classmethod
    def from_table(
        cls,
        table: pa.Table,
        *,
        columns: Sequence[str],
        views: Sequence[str] = (),
        categories: Collection[str] = (),
        required: Collection[str] = (),
    ) -> FeatureSchema:
        """Learn columns from the rows of a training split.

        `columns` are read in their order, then those of the table that are called `VIEW.FEATURE` after one of `views`.
        Texts and booleans are categories, and the numbers of `categories`; other numbers are amounts. Raises
        `InvalidData` for a column that is not there, twice there, of times or nested, and for categories that are
        nearly all different.
        """
        of_views = [(name, view) for name in table.column_names if (view := name.partition(".")[0]) in views]
        given = [(name, "") for name in columns]
        return cls(
            _learn(_column(table, name), name, view, named=name in categories, required=name in required)
            for name, view in [*given, *of_views]
        )

    def encode(self, rows: Sequence[Mapping[str, Any]]) -> Floats:
        """`[rows, columns]` from what callers gave by name of the column.

        Raises `InvalidRequest` for a value of a wrong type, a required one that is missing, and an unknown name.
        """
        encoded = np.empty((len(rows), len(self.columns)), dtype=np.float32)
        for number, row in enumerate(rows):
            if not row.keys() <= self._names:
                raise self._unknown(row)
            encoded[number] = [reader.read(row.get(reader.column.name)) for reader in self._readers]
        return encoded

    def encode_table(self, table: pa.Table) -> Floats:
        """The same for a table, which may have other columns too. Raises `InvalidData`."""
        encoded = np.empty((table.num_rows, len(self.columns)), dtype=np.float32)
        for place, reader in enumerate(self._readers):
            encoded[:, place] = reader.read_column(_column(table, reader.column.name))
        return encoded

    def to_bytes(self) -> bytes:
        """As JSON: what `features.json` of a bundle holds."""
        return msgspec.json.format(msgspec.json.encode(_Stored(columns=list(self.columns))), indent=2) + b"\n"

    @classmethod
    def from_bytes(cls, content: bytes) -> FeatureSchema:
        """Raises `ValueError` for what is no schema."""
        return cls(msgspec.json.decode(content, type=_Stored).columns)

    def _unknown(self, row: Mapping[str, Any]) -> InvalidRequest:
        name = next(name for name in row if name not in self._names)
        near = difflib.get_close_matches(str(name), self.names, n=1)
        listed = f"Did you mean '{near[0]}'?" if near else f"It reads {', '.join(map(repr, self.names))}."
        return InvalidRequest(f"The model reads no column {str(name)!r}.", help=listed)


def _column(table: pa.Table, name: str) -> pa.ChunkedArray:
    found = table.column_names.count(name)
    if found == 1:
        return table.column(name)
    if found:
        raise InvalidData(f"The data has {found} columns '{name}'.", help="Rename all but one.")
    near = difflib.get_close_matches(name, table.column_names, n=1)
    listed = f"Did you mean '{near[0]}'?" if near else f"It has {', '.join(map(repr, table.column_names))}."
    raise InvalidData(f"The data has no column '{name}'.", help=listed)


# Learning a column --------------------------------------------------------------------------------------------------


def _learn(values: pa.ChunkedArray, name: str, view: str, *, named: bool, required: bool) -> FeatureColumn:
    import pyarrow as pa  # heavy: serving does without it

    types = pa.types
    if types.is_temporal(values.type) or _holds_times(values):
        raise InvalidData(
            f"The column '{name}' holds times: as an amount, a time says nothing of what is to come.",
            help="Give what matters of it: the hour, the weekday, the days since. A feature view computes them.",
        )
    if types.is_nested(values.type) or types.is_binary(values.type) or types.is_large_binary(values.type):
        raise InvalidData(
            f"The column '{name}' ({values.type}) is neither a number nor a category.",
            help="Leave it out of 'features.columns', or give one column for each of its parts.",
        )
    is_number = types.is_integer(values.type) or types.is_floating(values.type) or types.is_decimal(values.type)
    if not named and (is_number or types.is_null(values.type)):
        return _learn_number(as_numbers(values, name), name, view, required=required)
    return _learn_category(as_categories(values, name), name, view, required=required)


def _learn_number(numbers: Floats, name: str, view: str, *, required: bool) -> FeatureColumn:
    known = numbers[~np.isnan(numbers)].astype(np.float64)
    if not len(known):
        return FeatureColumn(name=name, kind="number", view=view, required=required)
    return FeatureColumn(
        name=name,
        kind="number",
        view=view,
        required=required,
        mean=float(known.mean()),
        scale=float(known.std()) or 1.0,
        low=float(known.min()),
        high=float(known.max()),
    )


def _learn_category(names: pa.ChunkedArray, name: str, view: str, *, required: bool) -> FeatureColumn:
    counts = [(one["values"], one["counts"]) for one in names.value_counts().to_pylist() if one["values"] is not None]
    counts.sort(key=lambda one: (-one[1], one[0]))
    kept = [(value, rows) for value, rows in counts[:MOST_CATEGORIES] if rows >= LEAST_ROWS]
    covered, known = sum(rows for _, rows in kept), sum(rows for _, rows in counts)
    if covered < LEAST_SHARE * known:
        raise InvalidData(
            f"The column '{name}' has {len(counts)} different values in {known} rows: it names rows, not kinds.",
            help="Leave it out of 'features.columns'; or give what is known of each value in columns of their own.",
        )
    return FeatureColumn(
        name=name, kind="category", view=view, required=required, categories=[value for value, _ in kept]
    )


def _holds_times(values: pa.ChunkedArray) -> bool:
    """Whether a column of texts looks like dates."""
    import pyarrow as pa  # heavy: serving does without it

    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return False
    looked_at = values.drop_null().slice(0, LOOKED_AT).to_pylist()
    return bool(looked_at) and all(DATE.fullmatch(value) for value in looked_at)

"""Rules over several columns of the same row. Integers and numbers are compared as 64-bit floats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dragoman.data.rules.base import Marks, RowRule
from dragoman.data.rules.masks import Mask, mask_of
from dragoman.data.rules.members import set_array
from dragoman.data.rules.rows import Column, Rows
from dragoman.data.rules.shown import listed
from dragoman.spec.contracts import ColumnType

__all__ = ["Judged", "all_different", "equal", "greater", "pair_among", "sums_to"]

Judged = Literal["any", "all", "every row"]  # rows that have any of the values, or all of them
CLOSE = 1e-9  # of the sum: decimal fractions are not exact


def equal(first: str, second: str, *, judged: Judged, mostly: float) -> RowRule:
    """Both columns have the same value."""
    words = f"'{first}' equals '{second}'"

    def broken(one: Column, other: Column) -> Mask:
        return ~_compared(pc.equal, one, other)

    return _rule("equal", words, (first, second), broken, judged=judged, mostly=mostly)


def greater(first: str, second: str, *, or_equal: bool, judged: Judged, mostly: float) -> RowRule:
    """The first column's value is greater than the second's; text is ordered by code points."""
    compare = pc.greater_equal if or_equal else pc.greater
    words = f"'{first}' is {'at least' if or_equal else 'greater than'} '{second}'"

    def broken(one: Column, other: Column) -> Mask:
        return ~_compared(compare, one, other)

    return _rule("greater", words, (first, second), broken, judged=judged, mostly=mostly)


def pair_among(
    columns: tuple[str, str],
    pairs: Sequence[tuple[Any, Any]],
    types: tuple[ColumnType, ColumnType],
    *,
    judged: Judged,
    mostly: float,
) -> RowRule:
    """The two values are one of these pairs."""
    sets = [list(dict.fromkeys(values)) for values in zip(*pairs, strict=True)]
    allowed = np.zeros((len(sets[0]) + 1, len(sets[1]) + 1), dtype=bool)  # the last ones stand for all other values
    for one, other in pairs:
        allowed[sets[0].index(one), sets[1].index(other)] = True
    members = [set_array(values, type) for values, type in zip(sets, types, strict=True)]

    def broken(one: Column, other: Column) -> Mask:
        return np.asarray(~allowed[_places(one, members[0]), _places(other, members[1])])

    shown = listed([f"{one}, {other}" for one, other in pairs])
    return _rule(
        "pairs", f"'{columns[0]}' and '{columns[1]}' are {shown}", columns, broken, judged=judged, mostly=mostly
    )


def all_different(columns: Sequence[str], *, judged: Judged, mostly: float) -> RowRule:
    """No two of the columns have the same value, or both none."""

    def broken(*given: Column) -> Mask:
        return np.asarray(np.logical_or.reduce([_same(one, other) for one, other in combinations(given, 2)]))

    return _rule(
        "different", f"the values of {listed(columns)} differ", tuple(columns), broken, judged=judged, mostly=mostly
    )


def sums_to(columns: Sequence[str], total: float, *, judged: Judged, mostly: float) -> RowRule:
    """The values add up to `total`, up to rounding; one that is missing counts as 0."""

    def broken(*given: Column) -> Mask:
        sums = np.sum([column.numbers.astype(np.float64) for column in given], axis=0)
        return np.asarray(np.abs(sums - total) > CLOSE * max(1.0, abs(total)))

    return _rule("sum", f"{' + '.join(columns)} is {total:g}", tuple(columns), broken, judged=judged, mostly=mostly)


def _rule(
    rule: str, words: str, columns: tuple[str, ...], broken: Callable[..., Mask], *, judged: Judged, mostly: float
) -> RowRule:
    def judge(rows: Rows) -> Marks:
        given = [rows.columns[name] for name in columns]
        about = _about(given, rows.count, judged)
        marks = broken(*given)
        return Marks(marks if about is None else marks & about, about)

    return RowRule(rule, words, columns, judge, mostly)


def _about(columns: Sequence[Column], count: int, judged: Judged) -> Mask | None:
    if judged == "every row":
        return None
    masks = [np.ones(count, dtype=bool) if column.valid is None else column.valid for column in columns]
    return np.asarray((np.logical_or if judged == "any" else np.logical_and).reduce(masks))


def _compared(compare: Callable[[pa.Array, pa.Array], pa.Array], one: Column, other: Column) -> Mask:
    """False where one of the values is missing."""
    first, second = _alike(one.values, other.values)
    return mask_of(compare(first, second))


def _alike(first: pa.Array, second: pa.Array) -> tuple[pa.Array, pa.Array]:
    if first.type == second.type:
        return first, second
    return first.cast(pa.float64(), safe=False), second.cast(pa.float64(), safe=False)


def _same(one: Column, other: Column) -> Mask:
    numeric = {pa.int64(), pa.float64()}
    both_missing = mask_of(pc.and_(one.values.is_null(), other.values.is_null()))
    if one.values.type != other.values.type and {one.values.type, other.values.type} != numeric:
        return both_missing
    return both_missing | _compared(pc.equal, one, other)


def _places(column: Column, members: pa.Array) -> Any:
    """`[rows]` where each value stands in a set; after the last for others, and without a value."""
    indices, different = column.codes
    places = pc.index_in(different, value_set=members).fill_null(len(members)).to_numpy()
    return np.append(places, len(members))[indices]

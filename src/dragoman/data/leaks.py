"""What leaks across the splits of a table: rows of different splits that tell of each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.data.columns import coded, first_rows, require_columns
from dragoman.data.duplicates import Duplicates, find_duplicates
from dragoman.data.duplicates.finder import NEAR
from dragoman.data.row_digests import checksums_of, digest_rows
from dragoman.data.times import moments_of
from dragoman.errors import InvalidInput
from dragoman.records import Leak, LeakKind, SplitCheck

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["Crossing", "check_splits", "crossing_near", "crossing_same", "split_numbers"]

SPLITS = ("train", "dev", "test")
SHOWN = 5  # examples of each kind
MOST_SPLITS = 62  # sets of splits are bits of one number

Ints = NDArray[np.int64]


class Crossing(NamedTuple):
    """Rows of different splits that belong together."""

    rows: Ints  # all of them, ascending
    pairs: list[tuple[int, int]]  # the first few, of two splits each
    similarities: list[float]  # of the pairs


def check_splits(
    table: pa.Table,
    *,
    split: str = "split",
    text: str = "text",
    group: str = "",
    parallel: str = "",
    time: str = "",
    key: str = "id",
    near: float = NEAR,
    order: Sequence[str] = SPLITS,
) -> SplitCheck:
    """Find what leaks across splits: the same text, similar texts, a group, a parallel id, time.

    The names are those of columns; an empty one is not looked at. Rows without a split are left out. By time, a row
    leaks that is not older than the first row of a split that comes later in `order`. Rows are named by the column
    `key`, or by number where there is none. Among very many similar texts not all rows of the largest split may be
    counted (`find_duplicates`). Raises `InvalidInput` for a column that is not there.
    """
    require_columns([name for name in (split, text, group, parallel, time) if name], table.schema)
    splits, names = split_numbers(table.column(split))
    placed = np.flatnonzero(splits >= 0)
    table, splits = table.take(placed), splits[placed]
    found = dict(_look(table, splits, names, text=text, columns={"group": group, "parallel": parallel}, near=near))
    if time:
        found["time"] = _crossing_time(moments_of(table.column(time), time), splits, names, order)
    keys = table.column(key).to_pylist() if key in table.column_names else placed.tolist()
    values = {"group": group, "parallel": parallel, "time": time}
    return SplitCheck(
        rows={name: int(np.count_nonzero(splits == number)) for number, name in enumerate(names)},
        leaking={kind: len(one.rows) for kind, one in found.items()},
        examples=[
            Leak(
                kind=kind,
                first=str(keys[first]),
                second=str(keys[second]),
                splits=[names[splits[first]], names[splits[second]]],
                similarity=similarity,
                value=_shared(table, values.get(kind, ""), first, second),
            )
            for kind, one in found.items()
            for (first, second), similarity in zip(one.pairs, one.similarities, strict=True)
        ],
        checksums=checksums_of(digest_rows(table, without=[split]), splits, names),
    )


def crossing_same(codes: Ints, splits: Ints) -> Crossing:
    """Rows with a value that stands in several splits, and for each of the first such values a pair of rows.

    Rows whose code or split is -1 are left out.
    """
    codes = np.where(splits < 0, -1, codes)
    rows = np.flatnonzero(codes >= 0)
    firsts = first_rows(codes)
    is_other = splits != splits[firsts]
    crossing = np.zeros(len(codes), dtype=np.bool_)
    crossing[firsts[rows][is_other[rows]]] = True
    found = rows[crossing[firsts[rows]]]
    others = np.flatnonzero(is_other)
    starts, places = np.unique(firsts[others], return_index=True)
    pairs = list(zip(starts.tolist(), others[places].tolist(), strict=True))[:SHOWN]
    return Crossing(found, pairs, [1.0] * len(pairs))


def crossing_near(found: Duplicates, splits: Ints) -> Crossing:
    """Rows with a similar text in another split. Rows whose split is -1 are left out."""
    left, right = found.pairs[:, 0], found.pairs[:, 1]
    bits = np.where(splits < 0, 0, np.int64(1) << np.maximum(splits, 0))
    own, near = np.zeros_like(bits), np.zeros_like(bits)
    np.bitwise_or.at(own, found.same, bits)
    np.bitwise_or.at(near, left, own[right])
    np.bitwise_or.at(near, right, own[left])
    rows = np.flatnonzero((near[found.same] & ~bits != 0) & (splits >= 0))
    is_crossing = (own[left] > 0) & (own[right] > 0) & (np.bitwise_count(own[left] | own[right]) > 1)
    places = np.flatnonzero(is_crossing)[:SHOWN]
    pairs = [_apart(found.same, splits, one, other) for one, other in found.pairs[places].tolist()]
    return Crossing(rows, pairs, found.similarities[places].tolist())


def split_numbers(column: pa.ChunkedArray) -> tuple[Ints, list[str]]:
    """The number of each row's split, by name; -1 for rows of none."""
    codes, values = coded(column)
    names = sorted({str(value) for value in values} - {""})
    if len(names) > MOST_SPLITS:
        raise InvalidInput(
            f"There are {len(names)} different splits.", help=f"Name the column of the splits: {MOST_SPLITS} or fewer."
        )
    numbers = [names.index(str(value)) if str(value) else -1 for value in values]
    return np.array([*numbers, -1], dtype=np.int64)[codes], names


def _look(
    table: pa.Table, splits: Ints, names: list[str], *, text: str, columns: dict[LeakKind, str], near: float
) -> Iterator[tuple[LeakKind, Crossing]]:
    if text:
        found = find_duplicates(table.column(text), near=near)
        yield "exact", crossing_same(found.same, splits)
        yield "near", crossing_near(found, splits)
    for kind, name in columns.items():
        if name:
            yield kind, crossing_same(coded(table.column(name))[0], splits)


def _crossing_time(moments: Ints, splits: Ints, names: list[str], order: Sequence[str]) -> Crossing:
    """Rows that are not older than the first row of a later split, the latest ones as examples."""
    found, pairs = [], []
    numbers = [names.index(name) for name in order if name in names]
    for place, number in enumerate(numbers[:-1]):
        rows, later = np.flatnonzero(splits == number), np.flatnonzero(np.isin(splits, numbers[place + 1 :]))
        first = int(later[moments[later].argmin()])
        late = rows[moments[rows] >= moments[first]]
        found.append(late)
        pairs += [(row, first) for row in late[np.argsort(-moments[late], kind="stable")].tolist()]
    rows = np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *found]))
    return Crossing(rows, pairs[:SHOWN], [1.0] * len(pairs[:SHOWN]))


def _apart(same: Ints, splits: Ints, one: int, other: int) -> tuple[int, int]:
    """Two rows of different splits, one with each of two texts."""
    left, right = np.flatnonzero((same == one) & (splits >= 0)), np.flatnonzero((same == other) & (splits >= 0))
    first = left[splits[left] != splits[right[0]]]
    if len(first):
        return int(first[0]), int(right[0])
    return int(left[0]), int(right[splits[right] != splits[left[0]]][0])


def _shared(table: pa.Table, column: str, first: int, second: int) -> str:
    """What two rows share, or both values where they differ."""
    if not column:
        return ""
    values = [str(table.column(column)[row].as_py()) for row in (first, second)]
    return values[0] if values[0] == values[1] else " ".join(values)

"""Split a table by rules, so that nothing leaks, and so that the same rows are split the same way tomorrow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.data.columns import coded, require_columns
from dragoman.data.row_digests import checksums_of, digest_rows
from dragoman.data.times import borders_of, moments_of, words_of
from dragoman.data.units import Units, draw, units_of
from dragoman.errors import InvalidInput
from dragoman.records import SplitRecord, SplitRules

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["LEFT_OUT", "TableSplits", "split_table"]

LEFT_OUT = -1

Ints = NDArray[np.int64]


class TableSplits(NamedTuple):
    """The split of each row."""

    names: list[str]  # [rows]; empty for a row that is left out
    record: SplitRecord


def split_table(table: pa.Table, rules: SplitRules, *, without: tuple[str, ...] = ("split",)) -> TableSplits:
    """Split the rows of a table.

    Rows with the same group, parallel id, or (nearly) the same text are a unit, directly or through others, and a unit
    has one split. Without strata and time it depends on the unit and the seed alone: rows that are added elsewhere move
    nothing, and the shares hold on average. With `stratify`, units are drawn in each stratum by systematic sampling, so
    that its shares hold as closely as its units allow; rows that are added to one stratum move none in others. A unit
    that reaches over several strata counts in that of one of its rows, chosen by digest. With `time`, a row is in the
    split that its moment falls in; of units that reach over a border, only the rows of the last split stay (or of the
    first: `keep`). Columns in `without` say nothing about a row. Raises `InvalidInput` for rules that cannot be.
    """
    _check(rules)
    require_columns(_columns(rules), table.schema)
    digests = digest_rows(table, without=without)
    units = units_of(table, rules, digests)
    names, borders = list(rules.shares), {}
    if rules.time:
        moments = moments_of(table.column(rules.time), rules.time)
        starts = borders_of(moments, rules)
        splits = _by_time(np.searchsorted(starts, moments, side="right"), units, keep=rules.keep)
        borders = dict(zip(names[1:], words_of(starts), strict=True))
    else:
        splits = _by_draw(table, units, rules)[units.of_row]
    record = SplitRecord(
        rules=rules,
        rows={name: int(np.count_nonzero(splits == number)) for number, name in enumerate(names)},
        left_out=int(np.count_nonzero(splits == LEFT_OUT)),
        units=units.total,
        borders=borders,
        checksums=checksums_of(digests, splits, names),
    )
    return TableSplits([[*names, ""][split] for split in splits.tolist()], record)


def _check(rules: SplitRules) -> None:
    shares = list(rules.shares.values())
    if not shares or "" in rules.shares or min(shares) < 0 or not math.isclose(sum(shares), 1, abs_tol=1e-9):
        listed = ", ".join(f"{name} = {share:g}" for name, share in rules.shares.items())
        raise InvalidInput(f"The shares {listed} cannot be.", help="Give shares from 0 to 1 that are 1 together.")
    if rules.time and rules.stratify:
        raise InvalidInput("Rows cannot be split by time and in strata.", help="Leave 'time' or 'stratify' out.")
    if rules.borders and (not rules.time or list(rules.borders) != list(rules.shares)[1:]):
        raise InvalidInput(
            f"The borders {', '.join(rules.borders)} do not fit.",
            help="With 'time', give the first moment of each split but the first, in the order of the shares.",
        )


def _columns(rules: SplitRules) -> list[str]:
    return [name for name in (rules.text, rules.group, rules.parallel, rules.time, *rules.stratify) if name]


# By chance ----------------------------------------------------------------------------------------------------------


def _by_draw(table: pa.Table, units: Units, rules: SplitRules) -> Ints:
    """`[units]` the split of each."""
    places = _places_in_strata(table, units, rules) if rules.stratify else units.draws / 2.0**64
    ends = np.cumsum(list(rules.shares.values())[::-1])[:-1]  # the last split first: its place is before its share
    return len(rules.shares) - 1 - np.searchsorted(ends, places, side="right")


def _places_in_strata(table: pa.Table, units: Units, rules: SplitRules) -> NDArray[np.float64]:
    """`[units]` the place of each in its stratum, by draw, in [0, 1): from a random start, so that small ones are fair.

    Systematic sampling (Madow 1949): the number of rows that fall in a share differs from it by less than a unit.
    """
    sizes = np.bincount(units.of_row, minlength=units.total)
    strata, names = _strata(table, rules.stratify)
    own = strata[_speakers(units, strata, names, rules.seed)]
    order = np.lexsort((units.draws, own))
    totals = np.bincount(own, weights=sizes, minlength=len(names))
    before = np.cumsum(sizes[order]) - sizes[order]
    first = np.searchsorted(own[order], own[order])
    starts = np.array([draw(name, rules.seed) / 2**64 for name in names])
    places = np.empty(units.total)
    places[order] = (before - before[first] + sizes[order] / 2) / totals[own[order]] + starts[own[order]]
    return places % 1


def _strata(table: pa.Table, columns: list[str]) -> tuple[Ints, list[bytes]]:
    """The stratum of each row, and a name for each stratum."""
    found = [coded(table.column(name)) for name in columns]
    codes, rows = np.unique(np.stack([codes for codes, _ in found], axis=1), axis=0, return_inverse=True)
    names = [
        "\0".join(repr([*values, None][code]) for code, (_, values) in zip(one, found, strict=True)) for one in codes
    ]
    return rows.reshape(-1), [name.encode(errors="surrogatepass") for name in names]


def _speakers(units: Units, strata: Ints, names: list[bytes], seed: str) -> Ints:
    """`[units]` the row that tells the stratum of each unit: as if at random, whatever the order of the rows."""
    of_strata = np.array([draw(b"stratum\0" + name, seed) for name in names], dtype=np.uint64)[strata]
    mixed = (units.row_draws ^ of_strata) * np.uint64(0x9E3779B97F4A7C15)
    order = np.lexsort((of_strata, mixed, units.of_row))
    return order[np.searchsorted(units.of_row[order], np.arange(units.total))]


# By time ------------------------------------------------------------------------------------------------------------


def _by_time(parts: Ints, units: Units, *, keep: str) -> Ints:
    """`[rows]` the split of each, or `LEFT_OUT`; `parts` says in which split each row's moment falls."""
    later = keep == "later"
    chosen = np.full(units.total, -1 if later else int(parts.max(initial=0)) + 1, dtype=np.int64)
    (np.maximum if later else np.minimum).at(chosen, units.of_row, parts)
    return np.where(chosen[units.of_row] == parts, parts, LEFT_OUT)

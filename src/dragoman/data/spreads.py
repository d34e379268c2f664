"""How numbers and categories are spread in a version of a dataset, and how far two versions are apart."""

# ruff: noqa: S608 (what stands in the queries is our own, or a name in quotes)
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dragoman.data.sql import quoted
from dragoman.records import CategoryShift, NumberShift, Spread, ValueShift

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["QUANTILES", "category_shift", "number_shift", "spread_from", "spread_of", "total_variation"]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
BINS = 10
MOST_VALUES = 50  # of a category that are shown; the others are counted together
DIGITS = 9  # of a mean: sums of threads differ in the last ones


def total_variation(before: Sequence[float], after: Sequence[float]) -> float:
    """Half of the sum of differences between shares: the part of the rows that would have to move; 0 without rows.

    It is no test: of n and m rows of one source, k values equally frequent, it is about sqrt((k-1) (1/n + 1/m) / 2π).
    """
    if not sum(before) or not sum(after):
        return 0.0
    shares = [np.asarray(counts, dtype=np.float64) / sum(counts) for counts in (before, after)]
    return round(float(np.abs(shares[0] - shares[1]).sum() / 2), DIGITS)


def category_shift(connection: DuckDBPyConnection, column: str, *, before: bool, after: bool) -> CategoryShift:
    """Counts of the values of a column; a version without the column has no value in any row."""
    value = quoted(column)
    sides = [f"SELECT {value if there else 'NULL'}::VARCHAR AS v FROM {name}" for name, there in _sides(before, after)]
    rows = connection.execute(
        "SELECT v, count(*) FILTER (side = 0), count(*) FILTER (side = 1) FROM "
        f"(SELECT v, 0 AS side FROM ({sides[0]}) UNION ALL SELECT v, 1 FROM ({sides[1]})) GROUP BY v"
    ).fetchall()
    rows.sort(key=lambda row: (-max(row[1:]), row[0] is None, row[0]))
    shown, rest = rows[:MOST_VALUES], rows[MOST_VALUES:]
    others = ValueShift(value=str(len(rest)), before=sum(r[1] for r in rest), after=sum(r[2] for r in rest))
    return CategoryShift(
        column=column,
        distance=total_variation([row[1] for row in rows], [row[2] for row in rows]),
        values=[ValueShift(value=row[0], before=row[1], after=row[2]) for row in _by_name(shown)],
        others=others if rest else None,
    )


def number_shift(connection: DuckDBPyConnection, column: str, value: str) -> NumberShift:
    """How numbers are spread, before and after. `value` is an expression in SQL."""
    counts = [_bins(connection, value, _edges(connection, value), name) for name in ("before", "after")]
    return NumberShift(
        column=column,
        distance=total_variation(*counts),
        before=spread_of(connection, value, "before"),
        after=spread_of(connection, value, "after"),
    )


def spread_of(connection: DuckDBPyConnection, value: str, table: str) -> Spread:
    """How numbers are spread. Infinite ones count as missing."""
    is_there = f"FILTER (isfinite({value}))"
    row = connection.execute(
        f"SELECT count(*), count(*) {is_there}, avg({value}) {is_there}, min({value}) {is_there}, "
        f"max({value}) {is_there}, quantile_disc({value}, {list(QUANTILES)}) {is_there} FROM {table}"
    ).fetchall()[0]
    return spread_from(row)


def spread_from(row: Sequence[Any]) -> Spread:
    """A spread from what a query found: rows, rows with a value, mean, least, greatest, quantiles."""
    total, rows, mean, least, most, quantiles = row
    if not rows:
        return Spread(rows=0, missing=total)
    points = dict(zip(("p05", "p25", "p50", "p75", "p95"), map(float, quantiles), strict=True))
    return Spread(
        rows=rows, missing=total - rows, mean=round(mean, DIGITS), min=float(least), max=float(most), **points
    )


def _sides(before: bool, after: bool) -> list[tuple[str, bool]]:  # noqa: FBT001 (a pair, in this order)
    return [("before", before), ("after", after)]


def _by_name(rows: list[tuple[str | None, int, int]]) -> list[tuple[str | None, int, int]]:
    return sorted(rows, key=lambda row: (row[0] is None, row[0] or ""))


def _edges(connection: DuckDBPyConnection, value: str) -> list[float]:
    """Borders of bins with a tenth of the rows before in each, and of what is below or above all of them."""
    tenths = [number / BINS for number in range(BINS + 1)]
    row = connection.execute(
        f"SELECT quantile_disc({value}, {tenths}) FILTER (isfinite({value})) FROM before"
    ).fetchone()
    found = sorted({float(edge) for edge in (row[0] if row and row[0] else [])})
    return [*found, math.nextafter(found[-1], math.inf)] if found else []


def _bins(connection: DuckDBPyConnection, value: str, edges: Sequence[float], table: str) -> list[int]:
    """Rows below the first edge, from one edge to the next, and from the last one."""
    below = "".join(f", count(*) FILTER (isfinite({value}) AND {value} < {edge!r})" for edge in edges)
    row = connection.execute(f"SELECT count(*) FILTER (isfinite({value})){below} FROM {table}").fetchall()[0]
    ends = [0, *row[1:], row[0]]
    return [int(count) for count in np.diff(ends)]

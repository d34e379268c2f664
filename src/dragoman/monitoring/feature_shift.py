"""Whether columns are spread as in the held-out rows that a model was evaluated on: effect, interval and p-value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
import numpy as np

from dragoman.monitoring.drift.comparison import compare
from dragoman.monitoring.drift.effect import change_interval
from dragoman.monitoring.drift.grid import MIX, Grid
from dragoman.monitoring.drift.moved import Moved, find_moved
from dragoman.profiles import COLUMN_FAMILIES, UNKNOWN_LANGUAGE, Profile, Reference, columns_of_rows
from dragoman.records import FeatureColumn, Record

__all__ = ["FeatureShift", "feature_shifts"]

LEVEL = 0.01  # chance that any column of a model without a shift is said to have shifted
LEAST_EFFECT = 0.05  # share of the rows; smaller shifts are real where there are many rows, and do not matter
LEAST_ROWS = 50


class FeatureShift(Record, frozen=True, kw_only=True):
    """One column of one language: how large a share of the rows has moved to another part of its range."""

    feature: str
    language: str
    n: int
    reference_n: int
    effect: float = 0.0  # change of the share of rows that are in `what`
    low: float = -1.0  # of its interval, at 95%
    high: float = 1.0
    p_value: float | None = None  # of "nothing has moved in this column"; None: too few rows
    what: str = ""  # "number shop.amount 35 to 48"
    verdict: Literal["same", "shifted", "not enough evidence"] = "not enough evidence"


def feature_shifts(
    reference: Reference, rows: Sequence[Mapping[str, Any]], columns: Sequence[FeatureColumn], languages: Sequence[str]
) -> list[FeatureShift]:
    """Compare rows, values by column with the language of each, with a model's reference; the largest shift first.

    Every column of a language is one test of its whole range, and of whether it is missing (Bonferroni over all of
    them). Rows are taken for independent: many rows of one key say less than they seem to.
    """
    profile = Profile(reference)
    known = [language or UNKNOWN_LANGUAGE for language in languages]
    profile.add_columns(known, columns_of_rows(rows, columns))
    grid = Grid(reference, COLUMN_FAMILIES)
    cells = [place for place, cell in enumerate(grid.cells) if cell.signal != MIX]
    if not cells:
        return []
    now, before = grid.sums(profile).counts, grid.reference.counts
    with np.errstate(divide="ignore", invalid="ignore"):
        found = compare(grid.parts, now, before, min_change=LEAST_EFFECT)
    level = LEVEL / len(cells)
    moves = ((cell, find_moved(grid, int(found.winner[cell]), now, before)) for cell in cells)
    shifts = [_shift(grid, cell, moved, math.exp(found.log_p[cell]), level) for cell, moved in moves]
    return sorted(_strongest(shifts), key=lambda one: (-abs(one.effect), one.feature, one.language))


def _shift(grid: Grid, cell: int, moved: Moved, p_value: float, level: float) -> FeatureShift:
    place = grid.cells[cell]
    named = FeatureShift(
        feature=place.signal.partition(".")[2],
        language=place.language,
        n=moved.texts,
        reference_n=moved.before_texts,
    )
    if min(moved.texts, moved.before_texts) < LEAST_ROWS:
        return named
    effect = moved.after - moved.before
    low, high = change_interval(moved.hits, moved.texts, moved.before_hits, moved.before_texts, alpha=0.05)
    return msgspec.structs.replace(
        named,
        effect=effect,
        low=low,
        high=high,
        p_value=p_value,
        what=moved.what,
        verdict="shifted" if p_value <= level and abs(effect) >= LEAST_EFFECT else "same",
    )


def _strongest(shifts: Sequence[FeatureShift]) -> Iterator[FeatureShift]:
    """Of a column's values and its missing ones, what has the smaller p-value."""
    best: dict[tuple[str, str], FeatureShift] = {}
    for one in shifts:
        key = (one.feature, one.language)
        known = best.get(key)
        if known is None or _rank(one) < _rank(known):
            best[key] = one
    yield from best.values()


def _rank(one: FeatureShift) -> float:
    return 2.0 if one.p_value is None else one.p_value

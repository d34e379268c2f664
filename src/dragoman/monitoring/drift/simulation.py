"""Traffic that never was, hour by hour, and what the judge's tests say to it.

Everything that decides is the judge's own: bins, parts, references, levels. Only the texts are drawn as counts, and
p-values that are far from any level are not worked out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.monitoring.drift.baseline import HOUR, MONDAY, Baseline
from dragoman.monitoring.drift.budget import levels
from dragoman.monitoring.drift.bursts import recent_inflation
from dragoman.monitoring.drift.comparison import forgive_unseen
from dragoman.monitoring.drift.fisher import log_p_values
from dragoman.monitoring.drift.grid import Grid, Sums
from dragoman.monitoring.drift.parts import Parts
from dragoman.spec import DriftSpec

__all__ = ["Alarm", "alarms", "alerts", "screened"]

FEWEST_SIGMAS = 3.3  # no table that is nearer to what is expected has a p-value of a millionth
START = MONDAY + 1_400 * 7 * 24 * HOUR  # a Monday
MARGIN = 100.0  # up to so many times their level p-values are kept

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


class Alarm(NamedTuple):
    """A cell whose p-value is near its level, or below, at one look in one window."""

    look: int
    window: int
    cell: int
    log_p: float
    log_level: float  # for one false alarm in 30 days
    effect: float


def screened(
    parts: Parts, window: Ints, reference: Ints, *, inflation: Doubles | None = None
) -> tuple[Doubles, Doubles]:
    """Logarithms of p-values `[cells]`, right where they are below a millionth, and effects of the winning parts."""
    base = forgive_unseen(parts, window, reference)
    rows = _far(parts, window, base)
    owners, start, stop = parts.histogram[rows], parts.start[rows], parts.stop[rows]
    counts = []
    for one in (window, base):
        sums, total = np.concatenate([[0], np.cumsum(one)]), parts.totals(one)[owners]
        counts += [sums[stop] - sums[start], total - sums[stop] + sums[start]]
    inside, outside, before, others = counts
    effects = np.abs(inside / np.maximum(inside + outside, 1) - before / np.maximum(before + others, 1))
    if inflation is not None:
        counts = [(count / inflation[rows]).astype(np.int64) for count in counts]
    with np.errstate(divide="ignore"):
        logs = np.minimum(log_p_values(*counts) - np.log(parts.weights(window + base)[rows]), 0.0)
    found, effect = np.zeros(parts.cells), np.zeros(parts.cells)
    for row in np.argsort(-logs).tolist():  # the smallest comes last and stays
        found[parts.cell[rows[row]]], effect[parts.cell[rows[row]]] = logs[row], effects[row]
    return found, effect


def _far(parts: Parts, window: Ints, base: Ints) -> NDArray[np.intp]:
    """Parts in which the window is so many standard deviations away."""
    owners, shares, sizes = np.repeat(np.arange(len(parts.first) - 1), np.diff(parts.first)), [], []
    for one in (window, base):
        total = np.maximum(parts.totals(one), 1).astype(np.float64)
        sums = np.concatenate([[0.0], np.cumsum(one / total[owners])])
        shares.append(sums[parts.stop] - sums[parts.start])
        sizes.append(total)
    mine = (sizes[0] / (sizes[0] + sizes[1]))[parts.histogram]
    pooled = shares[1] + (shares[0] - shares[1]) * mine
    noise = (1 / sizes[0] + 1 / sizes[1])[parts.histogram] * pooled * (1 - pooled)
    return np.flatnonzero((shares[0] - shares[1]) ** 2 >= np.maximum(FEWEST_SIGMAS**2 * noise, 1e-18))


def alarms(
    spec: DriftSpec, grid: Grid, baseline: Baseline, hours: Iterator[Sums], *, watched: int = 0
) -> Iterator[Alarm]:
    """Look at the end of every hour. `watched` cells share the false alarms, by default those of the grid.

    Where `spec.reference` is "bundle" the bursts of the latest traffic are measured, as the judge does.
    """
    kept: list[Sums] = []
    totals = dict.fromkeys(spec.windows, grid.nothing)
    for look, sums in enumerate(hours):
        kept.append(sums)
        for window in spec.windows:
            totals[window] = totals[window].plus(sums)
            if look >= window:
                totals[window] = _less(totals[window], kept[look - window])
        latest = [one.counts for one in kept[-spec.windows[-1] :]] if spec.reference == "bundle" else []
        yield from _look(spec, grid, baseline, _Windows(look, list(totals.values()), latest), watched)
        if look >= spec.windows[-1]:
            kept[look - spec.windows[-1]] = grid.nothing


def _less(total: Sums, gone: Sums) -> Sums:
    return Sums(*(mine - its for mine, its in zip(total, gone, strict=True)))


class _Windows(NamedTuple):
    look: int
    sums: list[Sums]
    latest: list[Ints]  # counts of the latest hours; empty: bursts are not measured


def _look(spec: DriftSpec, grid: Grid, baseline: Baseline, at: _Windows, watched: int) -> Iterator[Alarm]:
    look, windows, latest = at
    rows = np.array([cell.row for cell in grid.cells])
    tested = [np.append(now.texts, now.texts.sum())[rows] >= spec.min_texts for now in windows]
    scale = watched / len(grid.cells) if watched else 1.0
    level = levels(
        1.0,
        every_minutes=spec.every_minutes,
        windows=len(windows),
        cells=watched or len(grid.cells),
        tested=round(scale * sum(int((mask & (rows >= 0)).sum()) for mask in tested)),
    )
    limits = np.log(np.where(rows >= 0, level.cell, level.mix))
    for length, now, mask in zip(spec.windows, windows, tested, strict=True):
        starts = [START + HOUR * hour for hour in range(max(look + 1 - length, 0), look + 1)]
        standard = baseline.standard(length, starts)
        logs, effects = screened(grid.parts, now.counts, standard.sums.counts, inflation=standard.inflation)
        near = mask & (logs <= limits + math.log(MARGIN))
        if latest and near.any():
            rows = np.flatnonzero(near[grid.parts.cell])
            usual = np.ones(len(grid.parts.start)) if standard.inflation is None else standard.inflation.copy()
            usual[rows] = np.maximum(usual[rows], recent_inflation(grid.parts, rows, latest, window=length))
            logs, effects = screened(grid.parts, now.counts, standard.sums.counts, inflation=usual)
            near &= logs <= limits + math.log(MARGIN)
        for cell in np.flatnonzero(near).tolist():
            yield Alarm(look, length, cell, float(logs[cell]), float(limits[cell]), float(effects[cell]))


def alerts(found: Iterable[Alarm], false_alarms: float, *, min_change: float = 0.0) -> tuple[int, int]:
    """Alarms at that budget, and runs of them: looks one after the other at which a cell alarms in any window."""
    counted = [one for one in found if one.log_p <= one.log_level + math.log(false_alarms) and one.effect >= min_change]
    seen = {(one.cell, one.look) for one in counted}
    return len(counted), sum((cell, look - 1) not in seen for cell, look in seen)

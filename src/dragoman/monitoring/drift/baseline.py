"""What windows are compared with: the texts of the bundle, or the version's own first traffic."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import reduce
from itertools import groupby
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dragoman.monitoring.drift.dispersion import inflations
from dragoman.monitoring.drift.grid import Grid, Sums
from dragoman.spec import DriftSpec

__all__ = ["Baseline", "BundleBaseline", "Standard", "TrafficBaseline"]

HOUR = 3600
DAY = 24 * HOUR
WEEK = 7 * DAY
MONDAY = 4 * DAY  # 1970 began on a Thursday
MOST_UNITS = 28 * 24  # newest hours between which bursts are measured

Doubles = NDArray[np.float64]
Unit = tuple[float, NDArray[np.int32]]  # when an hour began, and its counts [bins]


class Standard(NamedTuple):
    """What one window is compared with, and how much its counts are inflated: None where they are not."""

    sums: Sums
    inflation: Doubles | None


class Baseline(Protocol):
    """Gives each window what it is compared with."""

    def standard(self, window: int, starts: Sequence[float]) -> Standard:
        """For a window of so many buckets, of which those that begin at `starts`, in seconds, have texts."""
        ...


class BundleBaseline:
    """The held-out texts of the bundle, at every time.

    Nobody has said that traffic has their mix of languages. That is compared with `traffic`, where there is any.
    """

    def __init__(self, grid: Grid, traffic: Baseline | None = None) -> None:
        self._grid = grid
        self._traffic = traffic

    def standard(self, window: int, starts: Sequence[float]) -> Standard:
        counts, inflation, mix = self._grid.reference.counts.copy(), None, self._grid.mix
        counts[mix] = 0
        if self._traffic is not None:
            traffic = self._traffic.standard(window, starts)
            counts[mix] = traffic.sums.counts[mix]
            if traffic.inflation is not None:
                is_mix = self._grid.parts.start >= mix.start
                inflation = np.where(is_mix, traffic.inflation, 1.0)
        return Standard(self._grid.reference._replace(counts=counts), inflation)


class TrafficBaseline:
    """The traffic of some days, whole or by hour of the week; buckets of less than an hour are taken together.

    `buckets` are the starts, in seconds, and counts of all its buckets in order of time. With `spec.seasonal` only
    whole weeks count, so that there is as much of every hour. `end` is when the last hour of it ends, in seconds.
    """

    def __init__(self, grid: Grid, spec: DriftSpec, buckets: Iterable[tuple[float, Sums]]) -> None:
        self._seasonal = spec.seasonal
        self._nothing = grid.nothing
        self._slots: dict[int, Sums] = {}
        self.end = 0.0
        recent: deque[Unit] = deque(maxlen=MOST_UNITS)
        for start, sums in _units(buckets, weeks=spec.reference_days // 7 if spec.seasonal else None):
            slot = hour_of_week(start) if self._seasonal else 0
            self._slots[slot] = self._slots[slot].plus(sums) if slot in self._slots else sums
            self.end = start + HOUR
            recent.append((start, sums.counts.astype(np.int32)))
        self._inflations = _by_window(grid, spec, recent)

    def standard(self, window: int, starts: Sequence[float]) -> Standard:
        slots = {hour_of_week(start) for start in starts} if self._seasonal else {0}
        chosen = [self._slots[slot] for slot in sorted(slots) if slot in self._slots]
        return Standard(reduce(Sums.plus, chosen, self._nothing), self._inflations[window])


def hour_of_week(seconds: float) -> int:
    """0 is the first hour of Monday, UTC."""
    return int((seconds - MONDAY) % WEEK // HOUR)


def _units(buckets: Iterable[tuple[float, Sums]], *, weeks: int | None) -> Iterator[tuple[float, Sums]]:
    """Hours, or longer buckets; of so many weeks."""
    end = math.inf
    for hour, several in groupby(buckets, key=lambda bucket: bucket[0] // HOUR * HOUR):
        end = hour + weeks * WEEK if weeks is not None and end == math.inf else end
        if hour < end:
            yield hour, reduce(Sums.plus, (sums for _, sums in several))


def _by_window(grid: Grid, spec: DriftSpec, units: Collection[Unit]) -> dict[int, Doubles | None]:
    """The greatest inflation between blocks of each window's length or shorter."""
    found: dict[int, Doubles | None] = {}
    so_far: Doubles | None = None
    for window in spec.windows:
        seconds = max(window * spec.every_minutes * 60, HOUR)
        now = inflations(grid.parts, _strata(units, seconds, seasonal=spec.seasonal))
        if now is not None:
            so_far = now if so_far is None else np.maximum(so_far, now)
        found[window] = so_far
    return found


def _strata(units: Collection[Unit], seconds: float, *, seasonal: bool) -> list[list[NDArray[np.int32]]]:
    """Counts of blocks of that length, by the time of the week at which they begin; all together if not seasonal."""
    blocks: dict[float, NDArray[np.int32]] = {}
    origin = min((start for start, _ in units), default=0.0)
    for start, counts in units:
        place = (start - origin) // seconds * seconds
        blocks[place] = blocks[place] + counts if place in blocks else counts
    strata: dict[float, list[NDArray[np.int32]]] = {}
    for place, counts in blocks.items():
        strata.setdefault(place % WEEK if seasonal else 0.0, []).append(counts)
    return list(strata.values())

"""Memory that grows and does not come back, told from noise, garbage, steps and daily swings."""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

from dragoman.monitoring.resources.floors import Floors, Rise

__all__ = ["FAR", "SCALES", "WARM_UP", "Growth", "MemoryGrowth"]

SCALES = (120.0, 480.0, 3_600.0, 10_800.0)  # seconds of a block: windows of 48 minutes, 3.2 hours, 1 and 3 days
FAR = 4.0  # windows ahead that a clear rise can tell of
NEAR = 2 / 3  # the same for one that is not clear: the window took half as much again as is left
HELD_FAR = 6.0  # the same for a growth that goes on
WARM_UP = 600.0  # seconds after a start in which memory may grow as it likes
BEYOND = 1 / 3  # of what was gained in the window that lies above all before it
DAYS_REMEMBERED = 3
HOUR = 3_600.0


class Growth(NamedTuple):
    """Memory that grows."""

    per_hour: float  # bytes
    since: float  # seconds since 1970
    hours_left: float  # until nothing is free, at this rate
    window_hours: float  # that the rate was measured in
    p_value: float


class MemoryGrowth:
    """Watches one memory by samples of what is used, about one a minute; itself it keeps 168 numbers.

    A growth is found in one of four windows if the floor rises (`Floors.rise`), if at that rate the memory is full soon
    for what the window can tell (`far_of`), and if it was not as high on the days before: nobody is told of a few
    bytes, of a day from what one hour showed, or of what comes and goes. docs/resources.md has the false alarms. Not
    safe to share between threads.
    """

    def __init__(self) -> None:
        self._floors = [Floors(seconds) for seconds in SCALES]
        self._highest = Highest()
        self._found: dict[float, Growth] = {}  # by the seconds of a block
        self._quiet_until: float | None = None
        self._latest = 0.0

    def restart(self, at: float) -> None:
        """Something was loaded: what was before says nothing of what comes."""
        self._found.clear()
        self._highest.clear()
        for floors in self._floors:
            floors.clear()
        self._quiet_until = at + WARM_UP

    def add(self, at: float, used: float, free: float) -> None:
        """Take a sample: the time in seconds since 1970, bytes used, bytes that can still be taken."""
        if self._quiet_until is None or at < self._latest:
            self.restart(at)
        self._latest = at
        if self._quiet_until is not None and at < self._quiet_until:
            return
        for floors in self._floors:
            if floors.add(at, used):
                self._judge(floors, free)
        self._highest.add(at, self._floors[0].latest)

    @property
    def found(self) -> Growth | None:
        """The growth that leaves the least time, since when any window shows one; None if memory does not grow."""
        if not self._found:
            return None
        soonest = min(self._found.values(), key=lambda growth: growth.hours_left)
        return soonest._replace(since=min(growth.since for growth in self._found.values()))

    def _judge(self, floors: Floors, free: float) -> None:
        was_found = self._found.pop(floors.seconds, None)
        rise = floors.rise()
        if rise is None or free > far_of(rise, goes_on=was_found is not None) * rise.seconds * rise.per_second:
            return
        if was_found is not None:
            self._found[floors.seconds] = growth_of(rise, free, was_found.since)
        elif rise.top - self._highest.before(rise.since) >= BEYOND * rise.gained:
            self._found[floors.seconds] = growth_of(rise, free, rise.since)


class Highest:
    """The highest level of each of the last hours."""

    def __init__(self) -> None:
        self._levels: deque[tuple[float, float]] = deque(maxlen=24 * DAYS_REMEMBERED)  # start of the hour, level

    def add(self, at: float, level: float) -> None:
        start = at // HOUR * HOUR
        if self._levels and self._levels[-1][0] == start:
            self._levels[-1] = start, max(level, self._levels[-1][1])
        else:
            self._levels.append((start, level))

    def before(self, at: float) -> float:
        """The highest of the hours that ended by then."""
        return max((level for start, level in self._levels if start + HOUR <= at), default=-math.inf)

    def clear(self) -> None:
        self._levels.clear()


def far_of(rise: Rise, *, goes_on: bool) -> float:
    """How many windows ahead a rise can tell of."""
    if goes_on:
        return HELD_FAR
    return FAR if rise.is_clear else NEAR


def growth_of(rise: Rise, free: float, since: float) -> Growth:
    return Growth(
        per_hour=rise.per_second * HOUR,
        since=since,
        hours_left=max(free, 0.0) / rise.per_second / HOUR,
        window_hours=rise.seconds / HOUR,
        p_value=rise.p_value,
    )

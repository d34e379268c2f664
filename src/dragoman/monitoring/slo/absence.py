"""Where there was traffic, and now there is none: an objective over nothing must not look kept."""

from __future__ import annotations

from typing import NamedTuple

from dragoman.monitoring.slo.objectives import Objective
from dragoman.monitoring.slo.timeline import Sums

__all__ = ["Absence", "absence_of"]

DAY = 1_440  # minutes
WINDOWS = (10, 60, 360, DAY)  # minutes without an event
LEAST = 20  # events that were there in the same window a day ago, and a week ago


class Absence(NamedTuple):
    """No event for so long, though there were some at the same time a day and a week ago."""

    minutes: int
    day_ago: int  # events
    week_ago: float | None  # events; None: nothing was counted that long ago


def absence_of(objective: Objective, sums: Sums, *, up_since: float = 0.0) -> Absence | None:
    """Whether events of an objective stay away; None if they come, or nobody can say.

    Where a day and a week ago each window had 20 events, none by chance is improbable even for half the traffic
    (exp(-10)). In the first week only the day is asked. Windows that begin before `up_since`, when nobody may have
    been there to count, say nothing.
    """
    for minutes in WINDOWS:
        if sums.now - 60 * minutes < up_since:
            return None
        if sums.of(objective.name, objective.language, minutes)[0]:
            return None
        day_ago = sums.of(objective.name, objective.language, minutes, ago=DAY)[0]
        week_ago = _week_ago(objective, sums, minutes)
        if day_ago >= LEAST and (week_ago is None or week_ago >= LEAST):
            return Absence(minutes, day_ago, week_ago)
    return None


def _week_ago(objective: Objective, sums: Sums, minutes: int) -> float | None:
    """Events of the same window a week ago, from whole hours; None if there were none of any kind before."""
    before = sums.of(objective.name, "", DAY, ago=8 * DAY)[0] + sums.of(objective.name, "", DAY, ago=7 * DAY)[0]
    if not before:
        return None
    whole = max(60, minutes)
    ends = (7 * DAY, 7 * DAY + 60)  # of the hour of then, which may be quiet at first, and of the hour before it
    return min(sums.of(objective.name, objective.language, whole, ago=ago)[0] for ago in ends) * minutes / whole

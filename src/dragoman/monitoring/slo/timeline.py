"""Events of a model's objectives over the period: by minute for the last day, by hour before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dragoman.monitoring.service import ALL, OBJECTIVES, OTHER, UNKNOWN, ObjectiveName, ServiceCounts
from dragoman.monitoring.service.events import MINUTES
from dragoman.monitoring.times import seconds_of

__all__ = ["LOOK_BACK_HOURS", "Sums", "Timeline"]

Array = NDArray[np.int64]
Minutes = NDArray[np.int32]

LOOK_BACK_HOURS = 9 * 24  # for what was there a week ago, however short the period is
MINUTE_HOURS = 50  # whose minutes are kept: windows of a day, and the same a day ago
EXACT_MINUTES = 24 * MINUTES


class Timeline:
    """Counts of all replicas and versions of a model, hour by hour. Not safe for threads that write at the same time.

    Memory: 5 MB for 24 languages and 30 days.
    """

    def __init__(self, languages: Sequence[str], *, days: int) -> None:
        names = [*languages, OTHER, UNKNOWN, ALL]
        self.places = {name: place for place, name in enumerate(names)}
        self.hours = max(24 * days, LOOK_BACK_HOURS) + 2  # that are kept
        self._totals: dict[int, Array] = {}  # by hour since 1970: [objective, language, total or bad]
        self._minutes: dict[int, Minutes] = {}  # [minute, objective, language, total or bad]

    def put(self, start: str, counts: ServiceCounts) -> None:
        """The counts of the hour that begins at `start`, replicas and versions merged; in place of those it had."""
        hour = int(seconds_of(start)) // 3_600
        minutes = np.zeros((MINUTES, len(OBJECTIVES), len(self.places), 2), dtype=np.int64)
        for name, own in counts.languages.items():
            minutes[:, :, self.places.get(name, self.places[OTHER])] += own.events.transpose(1, 0, 2)
        minutes[:, :, self.places[ALL]] = minutes.sum(axis=2)
        self._totals[hour], self._minutes[hour] = minutes.sum(axis=0), minutes.astype(np.int32)
        self._forget()

    def sums(self, now: float) -> Sums:
        """Everything up to a moment, ready to be asked."""
        return Sums(self._totals, self._minutes, self.places, now=now, hours=self.hours)

    def _forget(self) -> None:
        newest = max(self._totals)
        for kept, hours in ((self._totals, self.hours), (self._minutes, MINUTE_HOURS)):
            for hour in [hour for hour in kept if hour <= newest - hours]:
                kept.pop(hour)


class Sums:
    """Sums of events over windows that end at a moment, or that ended some time before it.

    The minute of the moment is the last of its window. Windows of up to a day are exact to the minute; longer ones,
    and those that begin more than two days ago, begin and end at the full hour.
    """

    def __init__(
        self, totals: dict[int, Array], minutes: dict[int, Minutes], places: dict[str, int], *, now: float, hours: int
    ) -> None:
        self.places, self.now = places, now
        hour, minute = divmod(int(now) // 60, MINUTES)
        shape = (len(OBJECTIVES), len(places), 2)
        recent = _row_of_hours(minutes, hour, MINUTE_HOURS, np.zeros((MINUTES, *shape), dtype=np.int32))
        self._by_minute = _cumulated(np.concatenate([*recent[:-1], recent[-1][: minute + 1]]))
        by_hour = _row_of_hours(totals, hour, hours, np.zeros(shape, dtype=np.int64))
        by_hour[-1] = recent[-1][: minute + 1].sum(axis=0)
        self._by_hour = _cumulated(np.stack(by_hour))

    def last(self, minutes: int, *, ago: int = 0) -> Array:
        """Events `[objective, language, total or bad]` of so many minutes, which ended `ago` minutes before now."""
        if minutes <= EXACT_MINUTES and minutes + ago < len(self._by_minute):
            end = len(self._by_minute) - 1 - ago
            return _between(self._by_minute, end - minutes, end)
        end = max(0, len(self._by_hour) - 1 - ago // MINUTES)
        start = max(0, end - -(-minutes // MINUTES) - (ago == 0))
        return _between(self._by_hour, start, end)

    def of(self, name: ObjectiveName, language: str, minutes: int, *, ago: int = 0) -> tuple[int, int]:
        """Total and bad events of one objective."""
        total, bad = self.last(minutes, ago=ago)[OBJECTIVES.index(name), self.places[language or ALL]]
        return int(total), int(bad)

    def course(self, name: ObjectiveName, language: str, steps: int, *, step: int) -> Array:
        """Total and bad events `[steps, 2]` of each step until now: of one minute, or of an hour."""
        cumulated = self._by_minute if step == 1 else self._by_hour
        own = cumulated[-steps - 1 :, OBJECTIVES.index(name), self.places[language or ALL]]
        return np.diff(own, axis=0)


def _between(cumulated: Array, start: int, end: int) -> Array:
    events: Array = cumulated[end] - cumulated[start]
    return events


def _row_of_hours(kept: dict[int, Any], last: int, hours: int, nothing: NDArray[Any]) -> list[NDArray[Any]]:
    return [kept.get(hour, nothing) for hour in range(last - hours + 1, last + 1)]


def _cumulated(events: NDArray[Any]) -> Array:
    nothing = np.zeros((1, *events.shape[1:]), dtype=np.int64)
    return np.concatenate([nothing, np.cumsum(events, axis=0, dtype=np.int64)])

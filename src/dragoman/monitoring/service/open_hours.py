"""The hours of one version that are still counted, or not stored yet."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import UTC, datetime

from dragoman.monitoring.service.counts import OTHER, UNKNOWN, ServiceCounts
from dragoman.profiles import UNKNOWN_LANGUAGE
from dragoman.spec import SloSpec

__all__ = ["OpenHour", "OpenHours", "counted_as", "start_of_hour"]

logger = logging.getLogger(__name__)

HOUR_SECONDS = 3_600
MAX_HOURS = 48  # that wait to be stored; after that the oldest is given up


def start_of_hour(hour: int) -> str:
    """The hour, counted since 1970, as it is stored: "2026-11-23T05:00:00Z"."""
    return datetime.fromtimestamp(hour * HOUR_SECONDS, UTC).isoformat().replace("+00:00", "Z")


def counted_as(language: str, languages: Collection[str]) -> str:
    """Where a language counts, of a model with these. Where the only one is "und", none is told apart."""
    if set(languages) == {UNKNOWN_LANGUAGE} and language != UNKNOWN:
        return UNKNOWN_LANGUAGE
    return language if language in languages or language == UNKNOWN else OTHER


class OpenHour:
    """Counts of one hour, and whether they are stored."""

    __slots__ = ("counts", "revision", "stored")

    def __init__(self) -> None:
        self.counts = ServiceCounts()
        self.revision = 0  # grows with each change
        self.stored = 0  # the revision that is stored


class OpenHours:
    """Counts of one version by hour. The caller holds a lock.

    An hour that is over and stored is closed, and never opened again: it would replace what is stored. What comes too
    late for its hour, because a clock was set back, counts in the oldest one that is open.
    """

    __slots__ = ("_first", "_hours", "is_watched", "languages", "slow_seconds")

    def __init__(self) -> None:
        self.languages: frozenset[str] = frozenset()
        self.slow_seconds: dict[str, float] = {}  # by language; what takes longer is slow
        self.is_watched = True
        self._hours: dict[int, OpenHour] = {}
        self._first = 0  # hours before it are closed

    def watch(self, languages: Collection[str], slo: SloSpec) -> None:
        """Tell these languages apart from now on, by these objectives."""
        own = {name: slo.languages[name].latency_seconds for name in languages if name in slo.languages}
        default = dict.fromkeys((*languages, OTHER, UNKNOWN), slo.latency_seconds)
        self.slow_seconds = default | {name: seconds for name, seconds in own.items() if seconds is not None}
        self.languages = frozenset(languages)
        self.is_watched = True

    def language(self, name: str) -> str:
        """Where a language counts."""
        return counted_as(name, self.languages)

    def counted(self, at: float) -> tuple[ServiceCounts, int]:
        """The counts of a moment, which are about to change, and the minute of their hour."""
        wanted, second = divmod(int(at), HOUR_SECONDS)
        start = max(wanted, self._first)
        if (hour := self._hours.get(start)) is None:
            hour = self._hours[start] = OpenHour()
            self._give_up()
        hour.revision += 1
        return hour.counts, second // 60 if wanted == start else 0

    def changed(self) -> list[tuple[int, OpenHour]]:
        """The hours that are not stored as they are now."""
        return [(start, hour) for start, hour in sorted(self._hours.items()) if hour.revision != hour.stored]

    def mark_stored(self, start: int, revision: int) -> None:
        """The hour is stored as it was at a revision."""
        if (hour := self._hours.get(start)) is not None:
            hour.stored = max(hour.stored, revision)

    def close_old(self, now: float) -> None:
        """Let go of what is stored and was over an hour ago."""
        last = int(now) // HOUR_SECONDS - 2
        for start in [start for start, hour in self._hours.items() if hour.stored == hour.revision and start <= last]:
            self._close(start)

    @property
    def is_done(self) -> bool:
        """Whether nothing is counted any more and everything is stored."""
        return not self.is_watched and not self._hours

    def _give_up(self) -> None:
        if len(self._hours) > MAX_HOURS:
            oldest = min(self._hours)
            logger.warning("Counts of the hour of %s were never stored and are given up.", start_of_hour(oldest))
            self._close(oldest)

    def _close(self, start: int) -> None:
        del self._hours[start]
        self._first = max(self._first, start + 1)

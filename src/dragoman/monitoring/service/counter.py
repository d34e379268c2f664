"""Counts requests of all watched versions while they are answered."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from dragoman import errors
from dragoman.monitoring.service.counts import OTHER, UNKNOWN, LanguageCounts, ServiceCounts
from dragoman.monitoring.service.events import BAD, OBJECTIVES, TOTAL, ObjectiveName
from dragoman.monitoring.service.open_hours import OpenHours, start_of_hour
from dragoman.spec import SloSpec

__all__ = ["ChangedCounts", "EventSink", "ServiceCounter", "TextAnswered"]

ERROR_TYPES = frozenset(errors.__all__)
PLACES = {name: place for place, name in enumerate(OBJECTIVES)}


class TextAnswered(NamedTuple):
    """One text of an answered request."""

    language: str
    tokens: int
    truncated: bool = False
    abstained: bool = False
    cached: bool = False
    compute_seconds: float = 0.0
    cores: float = 1.0  # that the session computed with
    score: float | None = None  # the best label's, as a share; None for other tasks


class ChangedCounts(NamedTuple):
    """Counts of one version and hour that are not stored as they are now."""

    model: str
    version: str
    start: str  # of the hour, "2026-11-23T05:00:00Z"
    counts: ServiceCounts  # a copy
    hour: int  # the same, counted since 1970
    revision: int


class EventSink(Protocol):
    """Is told of each event of an objective as it is counted. `language` is the model's, "other" or "" (unknown)."""

    def count(self, model: str, objective: ObjectiveName, language: str, *, total: int, bad: int) -> None: ...


class ServiceCounter:
    """Counts of the versions that it watches, by hour; what others do is ignored. Safe to share between threads.

    Its counts replace those that were stored for the same version, hour and replica: a process that starts anew needs
    a new name as replica. Memory is bounded by versions and their languages.
    """

    def __init__(self, sink: EventSink | None = None) -> None:
        self._sink = sink
        self._versions: dict[tuple[str, str], OpenHours] = {}
        self._lock = threading.Lock()

    def watch(self, model: str, version: str, languages: Collection[str], slo: SloSpec) -> None:
        """Count this version from now on; told once more, with these languages and objectives."""
        with self._lock:
            self._versions.setdefault((model, version), OpenHours()).watch(languages, slo)

    def forget(self, model: str, version: str) -> None:
        """Count this version no more. What was counted is still told by `changed`."""
        with self._lock:
            if (hours := self._versions.get((model, version))) is not None:
                hours.is_watched = False

    # Hooks: from any thread, in microseconds. Times are in seconds since 1970, durations in seconds.

    def answered(
        self,
        model: str,
        version: str,
        texts: Sequence[TextAnswered],
        *,
        seconds: float,
        queue_seconds: float,
        at: float,
        inference_seconds: float | None = None,
        is_bulk: bool = False,
        is_copy: bool = False,
    ) -> None:
        """A request was answered. Without `inference_seconds` it is all that was not the queue.

        Of a copy only tokens and compute count, of a bulk request no times.
        """
        with self._lock:
            if (hours := self._watched(model, version)) is None:
                return
            counts, minute = hours.counted(at)
            places = [hours.language(text.language) for text in texts]
            for text, place in zip(texts, places, strict=True):
                _add_text(counts.language(place), text, is_copy=is_copy)
            if is_copy:
                return
            language = places[0] if len(set(places)) == 1 else UNKNOWN
            own = counts.language(language)
            own.requests += 1
            events = _Events(model, counts, minute, self._sink)
            events.add("availability", language)
            if not is_bulk:
                inference = seconds - queue_seconds if inference_seconds is None else inference_seconds
                own.add_times(queue=queue_seconds, inference=inference, total=seconds)
                events.add("latency", language, bad=int(seconds > hours.slow_seconds[language]))
            for text, place in zip(texts, places, strict=True):
                events.add("coverage", place, bad=int(place == OTHER or text.truncated or text.abstained))

    def failed(
        self,
        model: str,
        version: str,
        *,
        error: BaseException,
        at: float,
        language: str = UNKNOWN,
        is_copy: bool = False,
    ) -> None:
        """A request failed. It is an event of availability, and bad, if that was the server's fault."""
        with self._lock:
            if is_copy or (hours := self._watched(model, version)) is None:
                return
            counts, minute = hours.counted(at)
            place = hours.language(language)
            kind = type(error).__name__
            counts.language(place).errors[kind if kind in ERROR_TYPES else OTHER] += 1
            if is_fault_of_server(error):
                _Events(model, counts, minute, self._sink).add("availability", place, bad=1)

    def labelled(self, model: str, version: str, language: str, *, right: bool, at: float) -> None:
        """The truth of a prediction came. `at` is that moment, not that of the prediction."""
        with self._lock:
            if (hours := self._watched(model, version)) is None:
                return
            counts, minute = hours.counted(at)
            own = counts.language(place := hours.language(language))
            own.right, own.wrong = own.right + right, own.wrong + (not right)
            _Events(model, counts, minute, self._sink).add("quality", place, bad=int(not right))

    def held(self, model: str, version: str, *, megabytes: float, seconds: float, at: float) -> None:
        """The version's weights lay in memory for so long."""
        with self._lock:
            if (hours := self._watched(model, version)) is not None:
                counts, _ = hours.counted(at)
                counts.language(UNKNOWN).held_mbs += round(megabytes * seconds)

    # Storing

    def changed(self, *, at: float) -> list[ChangedCounts]:
        """What is not stored as it is now, by version and hour; tell `mark_stored` when it is. `at` is now."""
        with self._lock:
            for hours in self._versions.values():
                hours.close_old(at)
            self._versions = {key: hours for key, hours in self._versions.items() if not hours.is_done}
            return [
                ChangedCounts(*key, start_of_hour(start), hour.counts.copy(), start, hour.revision)
                for key, hours in self._versions.items()
                for start, hour in hours.changed()
            ]

    def mark_stored(self, rows: Sequence[ChangedCounts]) -> None:
        """These rows of `changed` are stored."""
        with self._lock:
            for row in rows:
                if (hours := self._versions.get((row.model, row.version))) is not None:
                    hours.mark_stored(row.hour, row.revision)

    def _watched(self, model: str, version: str) -> OpenHours | None:
        hours = self._versions.get((model, version))
        return hours if hours is not None and hours.is_watched else None


def is_fault_of_server(error: BaseException) -> bool:
    """Whether an error is the server's fault: a status of 500 or more, also of what nobody foresaw, or a full queue."""
    status = getattr(error, "status", 500)
    return not isinstance(status, int) or status >= 500 or status == errors.Overloaded.status


def _add_text(own: LanguageCounts, text: TextAnswered, *, is_copy: bool) -> None:
    own.tokens += text.tokens
    own.compute_us += max(0, round(text.compute_seconds * 1e6))
    own.core_us += max(0, round(text.compute_seconds * text.cores * 1e6))
    if not is_copy:
        own.texts += 1
        own.truncated += text.truncated
        own.abstained += text.abstained
        own.cached += text.cached
        own.add_score(text.score)


class _Events(NamedTuple):
    """Where events of one moment are counted."""

    model: str
    counts: ServiceCounts
    minute: int
    sink: EventSink | None

    def add(self, objective: ObjectiveName, language: str, *, bad: int = 0) -> None:
        events = self.counts.language(language).events
        events[PLACES[objective], self.minute, TOTAL] += 1
        if bad:
            events[PLACES[objective], self.minute, BAD] += bad
        if self.sink is not None:
            self.sink.count(self.model, objective, language, total=1, bad=bad)

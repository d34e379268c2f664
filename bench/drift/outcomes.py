"""What came of a change: was it noticed, named, dated, and was there talk of other languages?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from dragoman.records import Symptom

__all__ = ["START", "Noticed", "Outcome", "hour_of", "outcome_of", "time_of"]

START = datetime(2026, 1, 5, tzinfo=UTC)  # hour 0; a Monday
DAY = 24


class Noticed(NamedTuple):
    """A symptom, and the hour of the look that found it."""

    hour: int
    symptom: Symptom


class Outcome(NamedTuple):
    """Of one scenario, played once."""

    delay: int | None  # hours from the change to the first look that speaks of its language; None: none did
    first: str  # the signal with the smallest p-value in that look
    day: tuple[str, ...]  # all signals that were named within a day of that look
    date_error: int | None  # hours between `since` of the first symptom and the change; None: it has none
    elsewhere: tuple[str, ...]  # what was said of other languages, or before the change; each once


def time_of(hour: int) -> str:
    return (START + timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%SZ")


def hour_of(time: str) -> int:
    return round((datetime.fromisoformat(time) - START) / timedelta(hours=1))


def outcome_of(found: Sequence[Noticed], *, language: str, change: int) -> Outcome:
    own = [one for one in found if one.symptom.language == language and one.hour > change]
    other = [one.symptom for one in found if one.symptom.language != language or one.hour <= change]
    elsewhere = tuple(sorted({f"{one.language} {one.name}".strip() for one in other}))
    if not own:
        return Outcome(None, "", (), None, elsewhere)
    hour = own[0].hour
    first = min((one.symptom for one in own if one.hour == hour), key=lambda one: one.evidence["log10_p"])
    day = tuple(sorted({one.symptom.name for one in own if one.hour <= hour + DAY}))
    error = hour_of(first.since) - change if first.since else None
    return Outcome(hour - change, first.name, day, error, elsewhere)

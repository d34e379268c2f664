"""The course of a day: when what was known, from the journal alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bench.game_day.director import CHANGED, DAY, SLOT_SECONDS
from bench.game_day.journal import Asked, Event, Journal, Measured
from bench.game_day.place import BEGIN

__all__ = ["Course", "Share", "course_of", "right_share"]

FALL = 0.03  # of accuracy, that counts as one
BACK = 0.05  # below what it was before, at most: quality is back


class Share(NamedTuple):
    """How many of a span's answers were right."""

    right: int
    of: int

    @property
    def value(self) -> float:
        return self.right / self.of if self.of else math.nan


class Course(NamedTuple):
    """Moments in seconds since 1970, as rehearsed; None: it did not come to that."""

    changed: float | None
    noticed: float | None  # drift in the last of the changed languages
    estimated: float | None  # before labels: expected accuracy fell, in both
    confirmed: float | None  # by labels, in both
    decided: float | None
    trained: float | None
    released: float | None  # the first users meet the new version
    promoted: float | None
    recovered: float | None  # by what users wanted: a whole day as good as before the change
    seen: float | None  # by labels: better than it had become, and nothing says that it is less good than before


def course_of(journal: Journal) -> Course:
    """When everything happened."""
    events, asked, measured = journal.events(), journal.asked(), journal.measured()
    changed = first(events, "change")
    promoted = first(events, "release ", "promoted")
    return Course(
        changed=changed,
        noticed=noticed_at(events),
        estimated=in_all(fell_at(measured, "expected", one, after=changed) for one in CHANGED),
        confirmed=in_all(fell_at(measured, "accuracy", one, after=changed) for one in CHANGED),
        decided=first(events, "decision ", "decision train"),
        trained=first(events, "ended "),
        released=first(events, "release ", "canary"),
        promoted=promoted,
        recovered=in_all(recovered_at(asked, one, changed=changed, promoted=promoted) for one in CHANGED),
        seen=in_all(seen_at(measured, one) for one in CHANGED),
    )


def first(events: Iterable[Event], name: str, text: str = "") -> float | None:
    """The time of the first event whose name begins so, and whose text has this in it."""
    return next((one.time for one in events if one.name.startswith(name) and text in one.text), None)


def noticed_at(events: Sequence[Event]) -> float | None:
    return in_all(first(events, f"drift {one} v1") for one in CHANGED)


def in_all(times: Iterable[float | None]) -> float | None:
    """The last of some times; None where one is missing."""
    found = list(times)
    known = [one for one in found if one is not None]
    return max(known) if len(known) == len(found) else None


def fell_at(measured: Sequence[Measured], kind: str, language: str, *, after: float | None) -> float | None:
    """When a number of the first version was below what it had been, by `FALL` at least; measured, surely so."""
    mine = [one for one in measured if (one.version, one.language, one.kind) == ("1", language, kind)]
    before = [one.value for one in mine if after is not None and one.time <= after]
    if after is None or not before:
        return None
    usual = sum(before) / len(before)
    surely = (one for one in mine if kind == "expected" or one.high < usual)
    return next((one.time for one in surely if one.time > after and one.value + FALL < usual), None)


def recovered_at(
    asked: Sequence[Asked], language: str, *, changed: float | None, promoted: float | None
) -> float | None:
    """The end of the first whole day after the promotion that was as good as the time before the change."""
    if changed is None or promoted is None:
        return None
    mine = [one for one in asked if one.language == language]
    usual = right_share(one for one in mine if one.time < changed).value
    length = DAY * SLOT_SECONDS
    start = BEGIN + math.ceil((promoted - BEGIN) / SLOT_SECONDS) * SLOT_SECONDS
    last = max(one.time for one in mine)
    while start + length <= last + SLOT_SECONDS:
        if right_share(one for one in mine if start <= one.time < start + length).value >= usual - BACK:
            return start + length
        start += SLOT_SECONDS
    return None


def seen_at(measured: Sequence[Measured], language: str) -> float | None:
    """When labels said that the second version is better than the first one had become, and maybe as good as that was
    at registration: its interval holds what was evaluated then.
    """
    goals = [one.value for one in measured if (one.version, one.language, one.kind) == ("1", language, "evaluated")]
    known = [one for one in measured if (one.language, one.kind) == (language, "accuracy")]
    for one in known:
        fallen = [other.value for other in known if other.version == "1" and other.time <= one.time]
        if one.version == "2" and goals and fallen and one.value >= fallen[-1] + FALL and one.high >= goals[0]:
            return one.time
    return None


def right_share(asked: Iterable[Asked]) -> Share:
    """How many answers were what users wanted."""
    found = [one.answer == one.truth for one in asked]
    return Share(sum(found), len(found))

"""Which periodic jobs there should be at a moment: a function of the time, the models, and the jobs that there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from dragoman.clock import written
from dragoman.records import Job, JobKind

__all__ = [
    "KEPT_DAYS",
    "PERIODIC",
    "Periods",
    "Subject",
    "forgotten_before",
    "overtaken_jobs",
    "slot_of",
    "wanted_jobs",
]

PERIODIC: tuple[JobKind, ...] = ("evaluate", "queue", "materialize", "compact")
KEPT_DAYS = 7.0  # finished periodic jobs
DAY = 86_400.0
SLOT = "%Y-%m-%dT%H:%M"


class Subject(NamedTuple):
    """A model with a champion, and what is done for it by and by."""

    name: str
    evaluates: bool = True  # its labels are joined, or it may be retrained
    reviews: bool = True  # people can be asked about its answers


class Periods(NamedTuple):
    """How often something is done."""

    evaluate_minutes: float = 60.0
    materialize_minutes: float = 15.0
    compact_hours: float = 24.0


def wanted_jobs(now: float, subjects: Sequence[Subject], periods: Periods, *, has_views: bool) -> list[Job]:
    """The periodic jobs of the slots that `now`, in seconds since 1970, is in.

    Time is cut into slots of the length of a period, from 1970 on; each has one job, whose id says when it starts.
    Slots that were slept through have none.
    """
    return list(_wanted(now, subjects, periods, has_views=has_views))


def _wanted(now: float, subjects: Sequence[Subject], periods: Periods, *, has_views: bool) -> Iterator[Job]:
    hour, day = slot_of(now, periods.evaluate_minutes * 60), slot_of(now, DAY)
    if has_views:
        yield _job("materialize", slot_of(now, periods.materialize_minutes * 60), now)
    for one in subjects:
        if one.evaluates:
            yield _job("evaluate", hour, now, model=one.name)
        if one.reviews:
            yield _job("queue", day, now, model=one.name)
    yield _job("compact", slot_of(now, periods.compact_hours * 3_600), now)


def _job(kind: JobKind, slot: float, now: float, *, model: str = "") -> Job:
    form = "%Y-%m-%d" if kind == "queue" else SLOT
    named = datetime.fromtimestamp(slot, UTC).strftime(form)
    id = ":".join(filter(None, (kind, model, named)))
    return Job(id=id, kind=kind, model=model, due=written(slot), created=written(now))


def slot_of(now: float, seconds: float) -> float:
    """When the slot that `now` is in started."""
    return now - now % seconds


def overtaken_jobs(wanted: Iterable[Job], waiting: Iterable[Job]) -> list[Job]:
    """Jobs that wait though one of a later slot is there: as they should be saved, over.

    One that failed before is "failed" and keeps its error; requests of people are never overtaken.
    """
    newest = {(job.kind, job.model): job for job in wanted}
    over = []
    for job in waiting:
        later = newest.get((job.kind, job.model))
        if later and job.status == "waiting" and not job.input and job.id != later.id and job.created < later.due:
            over.append(_ended(job, later))
    return over


def _ended(job: Job, later: Job) -> Job:
    status = "failed" if job.attempts else "cancelled"
    error = job.error if job.attempts else f"'{later.id}' took its place."
    return msgspec.structs.replace(job, status=status, error=error, finished=later.created)


def forgotten_before(now: float) -> str:
    """Periodic jobs that were over by then are forgotten."""
    return written(now - KEPT_DAYS * DAY)

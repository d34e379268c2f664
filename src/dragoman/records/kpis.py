"""Numbers of the business: events of subjects, and what they come to for each version and release."""

from __future__ import annotations

from typing import Literal

from dragoman.records.base import Record
from dragoman.records.training import Interval

__all__ = ["AddedEvents", "KpiArm", "KpiEvent", "KpiLift", "KpiReport", "KpiRow", "KpiVerdict", "ReleaseLift"]

KpiVerdict = Literal["better", "worse", "not enough evidence"]


class KpiEvent(Record, frozen=True, kw_only=True):
    """Something that a subject did. Nothing of it says who that is."""

    id: str  # pseudonym of the caller's id, or made of the event; what has the same one counts once
    model: str
    subject: str  # the same pseudonym as in the prediction log
    name: str
    value: float = 1.0
    time: str  # when it happened
    received: str


class AddedEvents(Record, frozen=True, kw_only=True):
    """What became of events that were told."""

    given: int
    kept: int
    repeated: int = 0  # known before, or told twice, and not kept again
    left_out: list[str] = []  # what could not be kept, and why


class KpiRow(Record, frozen=True, kw_only=True):
    """One number of the business, of subjects that met this version first, in one language or in all ("all")."""

    kpi: str
    version: str
    language: str
    subjects: int  # whose time is over
    waiting: int  # whose time is not
    value: Interval | None  # a share, or a sum per subject; None without subjects


class KpiReport(Record, frozen=True, kw_only=True):
    """What users did after the answers of each version."""

    model: str
    since: str
    until: str
    level: float
    rows: list[KpiRow]  # by number and version, "all" first, then by subjects
    notes: list[str] = []


class KpiArm(Record, frozen=True, kw_only=True):
    """One arm of a release."""

    subjects: int  # that were given to it, and whose time is over
    waiting: int  # whose time is not
    moved: int  # of `subjects`: met the other version within their time
    value: float | None  # a share, or a sum per subject, with every step weighed as the other arm's; None: no subjects


class KpiLift(Record, frozen=True, kw_only=True):
    """What the challenger changed in one number, in one language or in all ("all")."""

    kpi: str
    better: Literal["higher", "lower"]
    window_days: float
    language: str
    champion: KpiArm
    challenger: KpiArm
    lift: Interval | None  # challenger less champion; None while one arm has no subjects
    verdict: KpiVerdict


class ReleaseLift(Record, frozen=True, kw_only=True):
    """What a release changed for its users. All intervals together hold at every time with probability `level`."""

    release: str
    model: str
    champion: int
    challenger: int
    since: str
    until: str
    level: float
    rows: list[KpiLift]  # by number, "all" first, then by language
    uncompared: int = 0  # subjects that came when every one was given the same arm
    notes: list[str] = []

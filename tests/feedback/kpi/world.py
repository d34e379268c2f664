"""Subjects that ask, and what they do then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from tests.feedback.world import NOW, answer, at, write_answers

from dragoman.api.fakes import fake_release
from dragoman.feedback.joining import Span
from dragoman.feedback.kpi.events import EVENT_TABLE, table_of
from dragoman.feedback.kpi.exposure import Exposure, expose
from dragoman.feedback.kpi.lift import release_lift
from dragoman.feedback.kpi.values import kpi_report
from dragoman.records import KpiEvent, KpiReport, PredictionRow, Release, ReleaseLift
from dragoman.spec import KpiSpec
from dragoman.store.tables import DeltaTables

__all__ = ["PULSE", "RELEASE", "RESOLVED", "SPENT", "asked", "did", "exposed", "lift_of", "report_of", "who", "written"]

RESOLVED = KpiSpec(name="resolved", window_days=7)
SPENT = KpiSpec(name="spent", kind="sum", window_days=7, most=10)
RELEASE = fake_release(id="r", champion=1, challenger=2, languages=["de", "th"], started=at(60))


def who(number: int) -> str:
    """A pseudonym."""
    return f"{number:016x}"


def asked(
    subject: int, *, days: float = 20.0, share: float = 0.5, treated: bool = False, **fields: Any
) -> PredictionRow:
    """An answer in the release, so many days before now."""
    arm = "challenger" if treated else "champion"
    given = {"version": "2" if treated else "1", "release": "r", "arm": arm, "assigned": arm, "share": share}
    return answer(f"p{subject}-{days:09.4f}", days=days, subject=who(subject), **{**given, **fields})


def did(subject: int, name: str = "resolved", *, days: float = 19.0, **fields: Any) -> KpiEvent:
    given = {"id": f"e{subject}-{name}-{days}", "model": "support", "received": at(days)}
    return KpiEvent(subject=who(subject), name=name, time=at(days), **{**given, **fields})


PULSE = [did(0, "resolved", days=0, id="pulse"), did(0, "spent", days=0, id="pulse 2")]  # the newest that is known


def written(folder: Path, rows: Iterable[PredictionRow], events: Iterable[KpiEvent]) -> DeltaTables:
    tables = write_answers(folder, rows)
    if events := list(events):
        tables.append(EVENT_TABLE, table_of(events))
    return tables


@contextmanager
def exposed(
    folder: Path,
    rows: Iterable[PredictionRow],
    events: Iterable[KpiEvent],
    *,
    release: Release | None = RELEASE,
    **how: Any,
) -> Iterator[Exposure]:
    span = Span("support", "", NOW - timedelta(days=60), how.pop("until", NOW))
    names = ["resolved", "spent"]
    with expose(written(folder, rows, events), span, names=names, release=release, **how) as exposure:
        yield exposure


def lift_of(
    folder: Path, rows: Iterable[PredictionRow], events: Iterable[KpiEvent], *kpis: KpiSpec, **of: Any
) -> ReleaseLift:
    release = msgspec.structs.replace(RELEASE, **of)
    with exposed(folder, rows, events, release=release) as exposure:
        return release_lift(exposure, _span(NOW), release, kpis or (RESOLVED,))


def report_of(folder: Path, rows: Iterable[PredictionRow], events: Iterable[KpiEvent], *kpis: KpiSpec) -> KpiReport:
    with exposed(folder, rows, events, release=None) as exposure:
        return kpi_report(exposure, _span(NOW), kpis or (RESOLVED,))


def _span(until: datetime) -> Span:
    return Span("support", "", NOW - timedelta(days=60), until)

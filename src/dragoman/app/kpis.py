"""KPIs of a workspace. Implements `api.events.KpiDesk`."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain
from typing import IO, NamedTuple

from dragoman import clock
from dragoman.app.monitor import LOG_FOLDER
from dragoman.app.pseudonyms import KEY_FILE, pseudonym_key
from dragoman.app.workspace import Workspace
from dragoman.errors import InvalidData, InvalidInput, InvalidRequest
from dragoman.feedback.given import Unread
from dragoman.feedback.joining import Span
from dragoman.feedback.kpi.events import EventStore, new_events, once
from dragoman.feedback.kpi.exposure import expose
from dragoman.feedback.kpi.given import GivenEvent, event_fault
from dragoman.feedback.kpi.keeping import as_kept
from dragoman.feedback.kpi.lift import release_lift
from dragoman.feedback.kpi.lines import read_event_lines, read_event_rows
from dragoman.feedback.kpi.values import kpi_report
from dragoman.monitoring.prediction_log.query import read_pending
from dragoman.records import AddedEvents, By, KpiReport, Release, ReleaseLift
from dragoman.spec import KpiSpec, ModelSpec
from dragoman.text.redaction import Redactor

__all__ = ["EventFile", "Kpis"]

SHOWN = 10
MOST_DAYS = 366
BOM = b"\xef\xbb\xbf"


class EventFile(NamedTuple):
    """An open file, and what people call it."""

    name: str
    file: IO[bytes]


class Kpis:
    """Keeps events, and says what they come to. `clock` gives the present, with a zone."""

    def __init__(self, workspace: Workspace, *, clock: Callable[[], datetime] = clock.utc) -> None:
        self.workspace, self.clock = workspace, clock
        self.store = EventStore(workspace.tables, workspace.catalog)

    def keep(self, model: str, events: Sequence[GivenEvent], *, by: By) -> AddedEvents:
        """Keep events that a request told. One that was told before is kept again, and counts once: to look for it
        would take longer the more there are.

        Raises `NotFound` and `InvalidRequest`; then nothing is kept.
        """
        spec, now = self.workspace.spec(model), self.clock()
        for place, one in enumerate(events):
            if fault := event_fault(spec, one, now=now):
                raise InvalidRequest(f"Event {place} {fault.text}", help=fault.help)
        told = once(as_kept(model, events, self._redactor, now=now))
        self.store.add(model, told, by=by)
        return AddedEvents(given=len(events), kept=len(told), repeated=len(events) - len(told))

    def add_files(self, model: str, files: Sequence[EventFile], *, skip_bad: bool = False, by: By) -> AddedEvents:
        """Keep the events of JSON Lines or CSV, in one commit. All of them are held in memory.

        Raises `NotFound` for an unknown model, and `InvalidData` if anything is wrong, unless `skip_bad`: then nothing
        is kept.
        """
        spec, now = self.workspace.spec(model), self.clock()
        events: list[GivenEvent] = []
        faults: list[tuple[str, str]] = []
        for name, found in ((one.name, found) for one in files for found in _events_of(one)):
            fault = found if isinstance(found, Unread) else event_fault(spec, found, now=now)
            if fault:
                faults.append((f"{name}, {found.place}: it {fault.text}", fault.help))
            elif isinstance(found, GivenEvent):
                events.append(found)
        if faults and not skip_bad:
            raise _refusal(faults, len(events))
        told = as_kept(model, events, self._redactor, now=now)
        fresh = new_events(self.workspace.tables, model, told)
        self.store.add(model, fresh, by=by)
        left_out = [text for text, _ in faults]
        return AddedEvents(given=len(told), kept=len(fresh), repeated=len(told) - len(fresh), left_out=left_out)

    def values(self, model: str, *, days: float) -> KpiReport:
        """What subjects did after their first answer in the last days, by version and language.

        Raises `NotFound` for an unknown model, and `InvalidInput` for one without KPIs and for days that
        are not above 0 and at most 366.
        """
        if not 0 < days <= MOST_DAYS:
            raise InvalidInput(f"The days are {days:g}.", help=f"Give a number above 0 and up to {MOST_DAYS}.")
        kpis, now = _kpis_of(self.workspace.spec(model)), self.clock()
        span = Span(model, "", now - timedelta(days=days), now)
        pending = read_pending(self.workspace.state / LOG_FOLDER)
        with expose(self.workspace.tables, span, names=[one.name for one in kpis], pending=pending) as exposure:
            return kpi_report(exposure, span, kpis)

    def lift(self, release: Release) -> ReleaseLift:
        """What a release, over or not, changed for its users. Raises as `values` does."""
        kpis, now = _kpis_of(self.workspace.spec(release.model)), self.clock()
        longest = timedelta(days=max(one.window_days for one in kpis))
        until = min(now, datetime.fromisoformat(release.finished) + longest) if release.finished else now
        span = Span(release.model, "", datetime.fromisoformat(release.started), until)
        pending, names = read_pending(self.workspace.state / LOG_FOLDER), [one.name for one in kpis]
        with expose(self.workspace.tables, span, names=names, release=release, pending=pending) as exposure:
            return release_lift(exposure, span, release, kpis)

    @cached_property
    def _redactor(self) -> Redactor:
        return Redactor(pseudonym_key(self.workspace.state / KEY_FILE))


def _kpis_of(spec: ModelSpec) -> Sequence[KpiSpec]:
    if not spec.kpis:
        raise InvalidInput(f"The spec of '{spec.name}' has no KPIs.", help="Add [[kpis]] to it.")
    return spec.kpis


def _events_of(one: EventFile) -> Iterator[GivenEvent | Unread]:
    """What a file gives; one whose first character is a brace is JSON Lines, another one CSV."""
    head = [one.file.readline().removeprefix(BOM)]
    while not head[-1].strip() and (line := one.file.readline()):
        head.append(line)
    if head[-1].lstrip().startswith(b"{"):
        return read_event_lines(chain(head, one.file))
    try:
        text = io.StringIO((b"".join(head) + one.file.read()).decode(), newline="")
        return iter(list(read_event_rows(text)))
    except UnicodeDecodeError as error:
        raise InvalidData(f"{one.name} is no UTF-8: {error.reason}.", help="Save it as UTF-8.") from None
    except InvalidData as error:
        raise InvalidData(f"{one.name}: {error.message}", help=error.help) from None


def _refusal(faults: Sequence[tuple[str, str]], good: int) -> InvalidData:
    """The first faults, and what to do about the first."""
    listed = "\n".join(f"  {text}" for text, _ in faults[:SHOWN])
    more = f"\n  and {len(faults) - SHOWN:,} more" if len(faults) > SHOWN else ""
    return InvalidData(
        f"{len(faults):,} of {len(faults) + good:,} events cannot be kept, so none is:\n{listed}{more}",
        help=f"{faults[0][1].removesuffix('.')}; or keep the others with --skip-bad.",
    )

"""What changed the traffic, in order of time: deploys, promotions, rollbacks, retirements; and alerts beside them.

Changes are read from the audit log, so there is one event for each and none for anything else. An alert has one when
it begins to fire and one when it is resolved. Charts and other parts draw them over what they measure.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from dragoman.records import Alert, AuditRow, Release
from dragoman.store.base import Catalog

__all__ = ["KINDS", "Event", "events"]

CHAMPION = "champion"
SOURCES = ("alias.", "release.", "version.")  # what the actions of the rows begin with
SUBJECT = re.compile(r"(?P<kind>models|releases):/(?P<name>[^/@]+)(?:/(?P<number>\d+)|@(?P<alias>[^/@]+))?")
KINDS = {
    "alias.adopted": "deployed",  # of the champion; other aliases are "labelled"
    "alias.moved": "deployed",
    "alias.removed": "withdrawn",
    "release.requested": "requested",
    "release.started": "started",
    "release.stepped": "stepped",
    "release.waiting": "waiting",
    "release.approved": "approved",
    "release.promoted": "promoted",
    "release.rolled_back": "rolled back",
    "version.adopted": "registered",
    "version.registered": "registered",
    "version.retired": "retired",
}
SENTENCES = {
    "deployed": "{model}/{version} is the champion",
    "labelled": "{model}/{version} has the alias '{alias}'",
    "withdrawn": "{model}/{version} has the alias '{alias}' no more",
    "registered": "{model}/{version} is registered",
    "retired": "{model}/{version} is retired",
    "requested": "The release of {model}/{version} is asked for",
    "started": "The release of {model}/{version} begins",
    "stepped": "The release of {model}/{version} goes on: {percent:.4g}% of the traffic",
    "waiting": "The release of {model}/{version} waits for a person",
    "approved": "The release of {model}/{version} is approved",
    "promoted": "The release of {model}/{version} is over: promoted",
    "rolled back": "The release of {model}/{version} is over: rolled back",
}
ENDS = ("promoted", "rolled back")  # why, the release itself says
WATCHER = "monitor"  # the actor of alerts


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One change."""

    time: Annotated[str, Meta(description="ISO 8601, in UTC.")]
    kind: Annotated[
        str,
        Meta(
            description="`deployed` (another version is the champion); `requested`, `started`, `stepped`, `waiting`, "
            "`approved`, `promoted` or `rolled back` (a release); `registered` or `retired` (a version); `labelled` or "
            "`withdrawn` (another alias); `fired` or `resolved` (an alert). For other changes their name in the audit "
            "log."
        ),
    ]
    model: str
    version: Annotated[int | None, Meta(description="The version that the change is about.")]
    release: Annotated[str, Meta(description="The release that it belongs to; empty without one.")] = ""
    actor: str
    text: Annotated[str, Meta(description="The change in one sentence, for a note in a chart.")]


def events(
    catalog: Catalog, *, since: datetime | None = None, until: datetime | None = None, model: str | None = None
) -> list[Event]:
    """The events from `since` up to but without `until`, both with a time zone; of one model or of all. In order."""
    rows = [row for source in SOURCES for row in catalog.audit_rows(action=source)]
    releases = {release.id: release for release in catalog.releases(model=model)}
    kept = [row for row in rows if _is_within(row.time, since, until)]
    found = (_event_of(row, releases) for row in sorted(kept, key=lambda row: row.number))
    changes = [event for event in found if event is not None and model in (None, event.model)]
    told = [event for alert in catalog.alerts(model=model) for event in _alert_events(alert)]
    alerts = sorted((one for one in told if _is_within(one.time, since, until)), key=_time)
    return list(heapq.merge(changes, alerts, key=_time))


def _is_within(time: str, since: datetime | None, until: datetime | None) -> bool:
    if since is None and until is None:
        return True
    at = _moment(time)
    return (since is None or at >= since) and (until is None or at < until)


def _time(event: Event) -> datetime:
    return _moment(event.time)


def _moment(time: str) -> datetime:
    at = datetime.fromisoformat(time)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _alert_events(alert: Alert) -> Iterator[Event]:
    number = int(alert.version) if alert.version.isdecimal() else None
    fired = Event(
        time=alert.started, kind="fired", model=alert.model, version=number, actor=WATCHER, text=alert.summary
    )
    yield fired
    if alert.ended:
        yield msgspec.structs.replace(fired, time=alert.ended, kind="resolved")


def _event_of(row: AuditRow, releases: Mapping[str, Release]) -> Event | None:
    """The row as an event; None for one that is about no model, or about a release that is not asked for."""
    subject = SUBJECT.fullmatch(row.subject)
    if subject is None:
        return None
    if subject["kind"] == "models":
        return _model_event(row, subject["name"], subject["number"], subject["alias"] or "")
    release = releases.get(subject["name"])
    return None if release is None else _release_event(row, release)


def _model_event(row: AuditRow, model: str, number: str | None, alias: str) -> Event:
    kind = KINDS.get(row.action, row.action)
    if kind == "deployed" and alias != CHAMPION:
        kind = "labelled"
    version = int(number) if number else row.detail.get("from" if kind == "withdrawn" else "to")
    release = row.detail.get("evidence", "") if kind == "deployed" else ""
    return _event(row, kind, model, version, release=release, alias=alias)


def _release_event(row: AuditRow, release: Release) -> Event:
    kind = KINDS.get(row.action, row.action)
    percent = 100 * row.detail.get("share", 0.0)
    why = release.notes[-1].text if kind in ENDS and release.notes else ""
    return _event(row, kind, release.model, release.challenger, release=release.id, why=why, percent=percent)


def _event(
    row: AuditRow, kind: str, model: str, version: int | None, *, release: str, why: str = "", **words: Any
) -> Event:
    said = SENTENCES.get(kind, "{model}/{version}: {kind}").format(model=model, version=version, kind=kind, **words)
    why = why or row.detail.get("reason", "")
    text = f"{said}: {why}" if why else f"{said}."
    return Event(time=row.time, kind=kind, model=model, version=version, release=release, actor=row.actor, text=text)

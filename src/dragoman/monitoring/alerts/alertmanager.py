"""Alerts in Prometheus Alertmanager, by its API v2."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from dragoman.monitoring.alerts.delivery import Delivery, Sender, sent
from dragoman.monitoring.alerts.http_post import HttpDoor
from dragoman.monitoring.alerts.moments import later
from dragoman.monitoring.alerts.words import what_of
from dragoman.records import Alert, Notice, Severity
from dragoman.spec.receivers import AlertmanagerReceiver
from dragoman.store.audit import now

__all__ = ["HOLD_SECONDS", "AlertmanagerSender", "entry_of"]

PATH = "/api/v2/alerts"
HOLD_SECONDS = 600.0  # that an alert fires there after the last reminder
NAMED = ("slo", "absent", "drift", "log")  # kinds whose alerts' names begin with what is watched
SKEW_SECONDS = 60.0  # that the two clocks may differ


class AlertmanagerSender(Sender):
    """Posts alerts. Alertmanager knows them by their labels, so one that comes twice is still one.

    What fires there ends by itself some time after the last post: `remind` repeats it. The severity is a label, so a
    ticket that becomes a page is another alert there, and the ticket is ended with the same post.
    """

    keeps = True

    def __init__(
        self, receiver: AlertmanagerReceiver, environ: Mapping[str, str], *, clock: Callable[[], str] = now
    ) -> None:
        self.receiver, self.clock = receiver, clock
        self._door = HttpDoor(receiver, environ)

    def send(self, notice: Notice) -> Delivery:
        return self._post([entry for alert in notice.alerts for entry in self._entries(alert)])

    def remind(self, alerts: Sequence[Alert]) -> Delivery:
        """Repeat what fires, as urgent as it was told."""
        known = [self._firing(alert, alert.told[self.receiver.name]) for alert in alerts]
        return self._post(known) if known else sent()

    def _entries(self, alert: Alert) -> list[dict[str, Any]]:
        before = alert.told.get(self.receiver.name, alert.severity)
        if alert.status == "resolved":
            return [entry_of(alert, before, ends=_past(alert, alert.gone or alert.ended))]
        ended = [entry_of(alert, before, ends=_past(alert, self.clock()))] if before != alert.severity else []
        return [*ended, self._firing(alert, alert.severity)]

    def _firing(self, alert: Alert, severity: Severity) -> dict[str, Any]:
        return entry_of(alert, severity, ends=later(self.clock(), seconds=HOLD_SECONDS))

    def _post(self, entries: Sequence[Mapping[str, Any]]) -> Delivery:
        return self._door.post(PATH, msgspec.json.encode(entries), {})


def entry_of(alert: Alert, severity: Severity, *, ends: str) -> dict[str, Any]:
    """The alert in Alertmanager's words; labels without a value are left out there."""
    labels = {
        "alertname": _alert_name(alert),
        "model": alert.model,
        "version": alert.version,
        "kind": alert.kind,
        "name": alert.name,
        "language": alert.language,
        "region": alert.region,
        "severity": severity,
        "owner": alert.owner,
    }
    annotations = {
        "title": what_of(alert),
        "summary": alert.summary,
        "runbook_url": alert.runbook,
        "escalation": alert.escalation,
        "since": alert.since,
        "evidence": msgspec.json.encode(alert.evidence).decode() if alert.evidence else "",
        "alert_id": alert.id,
    }
    return {
        "labels": {name: value for name, value in labels.items() if value},
        "annotations": {name: value for name, value in annotations.items() if value},
        "startsAt": alert.started,
        "endsAt": ends,
    }


def _past(alert: Alert, end: str) -> str:
    """A moment that Alertmanager's clock has behind it, even if it is slow: an end that it does not see yet would not
    count there against the later one that it was told before. It must come after the start.
    """
    return max(later(end, seconds=-SKEW_SECONDS), later(alert.started, seconds=0.001))


def _alert_name(alert: Alert) -> str:
    """`DragomanSloLatency`, `DragomanMemory`: of the kind and of what is watched, not of the language or the server."""
    name = alert.name.partition(" ")[0] if alert.kind in NAMED else ""
    return "Dragoman" + "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", f"{alert.kind} {name}"))

"""The life of an alert as a record: what a look makes of it. Nothing here touches a store."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from dragoman.monitoring.alerts.moments import later, seconds_between
from dragoman.monitoring.alerts.runbooks import runbook_of
from dragoman.monitoring.alerts.silencing import silence_of
from dragoman.records import Alert, AlertKind, Silence, Symptom
from dragoman.spec import AlertsSpec, ModelSpec

__all__ = ["RESOLVE_SECONDS", "Contact", "Look", "contact_of", "live_on"]

RESOLVE_SECONDS = 300.0  # that a symptom must be gone before its alert is over
UPDATE_SECONDS = 60.0  # between two records of an alert that differ in evidence only
ID_LENGTH = 26

Key = tuple[str, str, str, str, str]


class Contact(NamedTuple):
    """Who answers for a model, and how its alerts are told."""

    owner: str = ""
    rules: AlertsSpec = AlertsSpec()


class Look(NamedTuple):
    """One evaluation, and the circumstances in which it is judged."""

    now: str
    symptoms: Sequence[Symptom]
    silences: Sequence[Silence] = ()
    contacts: Mapping[str, Contact] = {}  # by model
    blind: Collection[tuple[str, AlertKind]] = ()  # model and kind that could not be evaluated: their alerts stay
    region: str = ""
    runbooks: str = ""  # base of the addresses
    resolve_seconds: float = RESOLVE_SECONDS

    def rules(self, model: str) -> AlertsSpec:
        return self.contacts.get(model, Contact()).rules


def contact_of(spec: ModelSpec) -> Contact:
    return Contact(spec.owner, spec.alerts)


def live_on(firing: Sequence[Alert], look: Look) -> list[Alert]:
    """The alerts that fire after the look, those that begin with it among them, and those that end with it."""
    symptoms = _by_key(look.symptoms)
    known = {alert.key for alert in firing}
    alerts = [_go_on(alert, symptoms.get(alert.key), look) for alert in firing]
    alerts += [_begin(symptom, look) for key, symptom in symptoms.items() if key not in known]
    ending = _ending(alerts, look)
    return [_end(alert, look) if alert.id in ending else _silenced(alert, look) for alert in alerts]


def _by_key(symptoms: Iterable[Symptom]) -> dict[Key, Symptom]:
    """One symptom per key: the most urgent one, where several say the same."""
    chosen: dict[Key, Symptom] = {}
    for symptom in symptoms:
        known = chosen.get(symptom.key)
        if known is None or (symptom.severity, known.severity) == ("page", "ticket"):
            chosen[symptom.key] = symptom
    return chosen


def _begin(symptom: Symptom, look: Look) -> Alert:
    contact = look.contacts.get(symptom.model, Contact())
    origin = msgspec.json.encode([*symptom.key, look.region, look.now])
    return Alert(
        id=hashlib.sha256(origin).hexdigest()[:ID_LENGTH],
        **msgspec.structs.asdict(symptom),
        region=look.region,
        status="firing",
        owner=contact.owner,
        escalation=contact.rules.escalation,
        runbook=runbook_of(symptom.kind, look.runbooks),
        started=look.now,
        updated=look.now,
        due=later(look.now, seconds=contact.rules.group_seconds),
    )


def _go_on(alert: Alert, symptom: Symptom | None, look: Look) -> Alert:
    if symptom is None:
        is_unknown = (alert.model, alert.kind) in look.blind
        return alert if is_unknown or alert.gone else msgspec.structs.replace(alert, gone=look.now)
    back = msgspec.structs.replace(alert, gone="")
    if (alert.severity, symptom.severity) == ("ticket", "page"):
        return _worsen(back, symptom, look)
    if seconds_between(alert.updated, look.now) < UPDATE_SECONDS:
        return back
    return _renewed(back, symptom, look)


def _worsen(alert: Alert, symptom: Symptom, look: Look) -> Alert:
    """What was a ticket is a page now, and stays one until it is over."""
    soon = later(look.now, seconds=look.rules(alert.model).group_seconds)
    return msgspec.structs.replace(_renewed(alert, symptom, look), severity="page", due=min(alert.due, soon))


def _renewed(alert: Alert, symptom: Symptom, look: Look) -> Alert:
    """With what the symptom says now, if that is something else."""
    fresh = msgspec.structs.replace(
        alert, summary=symptom.summary, since=symptom.since or alert.since, evidence=symptom.evidence
    )
    return alert if fresh == alert else msgspec.structs.replace(fresh, updated=look.now)


def _silenced(alert: Alert, look: Look) -> Alert:
    silence = silence_of(alert, look.silences, look.now)
    return alert if silence == alert.silence else msgspec.structs.replace(alert, silence=silence)


def _ending(alerts: Sequence[Alert], look: Look) -> set[str]:
    """Ids of those that are over. Where one of a group is, those that would follow in a moment go with it."""
    gone = {alert.id: seconds_between(alert.gone, look.now) for alert in alerts if alert.gone}
    over = {alert.group for alert in alerts if gone.get(alert.id, -1) >= look.resolve_seconds}
    return {
        alert.id
        for alert in alerts
        if alert.group in over and gone.get(alert.id, -1) >= _mates_wait(look.resolve_seconds, look.rules(alert.model))
    }


def _mates_wait(resolve_seconds: float, rules: AlertsSpec) -> float:
    return max(resolve_seconds / 2, resolve_seconds - rules.group_seconds)


def _end(alert: Alert, look: Look) -> Alert:
    return msgspec.structs.replace(alert, status="resolved", ended=look.now, updated=look.now)

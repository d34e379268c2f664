"""What is counted while models answer, what is alerted, and who is told."""

from __future__ import annotations

from typing import Any, Literal

from dragoman.records.base import Record

__all__ = [
    "Alert",
    "AlertKind",
    "AlertStatus",
    "Counts",
    "CountsKind",
    "Notice",
    "NoticeStatus",
    "Severity",
    "Silence",
    "Symptom",
]

CountsKind = Literal["profile", "service", "labels"]
Severity = Literal["page", "ticket"]
AlertStatus = Literal["firing", "resolved"]
AlertKind = Literal["slo", "absent", "drift", "language-mix", "freshness", "memory", "log", "loop"]
NoticeStatus = Literal["waiting", "sending", "sent", "given up"]


class Counts(Record, frozen=True, kw_only=True):
    """What one replica counted of a version in one bucket of time. Those of several replicas add up exactly."""

    kind: CountsKind
    model: str
    version: str
    start: str  # of the bucket, UTC, "2026-11-23T05:00:00Z": such times compare like texts
    replica: str
    # Encoded by the part that counts: `profiles.Profile`, `monitoring.service.ServiceCounts`, `feedback.position`.
    content: bytes


class Symptom(Record, frozen=True, kw_only=True):
    """Something that is wrong now, as an evaluation found it. While it is there, its alert fires."""

    model: str
    version: str = ""  # empty: of the model, whichever version answers
    kind: AlertKind
    name: str = ""  # of what is watched: a signal ("tokens"), an objective ("latency")
    language: str = ""  # empty: of all languages
    severity: Severity
    summary: str  # one sentence with numbers and units
    since: str = ""  # when it seems to have begun
    evidence: dict[str, Any] = {}  # p_value, effect, n, low, high, windows: what the summary rests on

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What tells alerts apart."""
        return self.model, self.version, self.kind, self.name, self.language


class Alert(Record, frozen=True, kw_only=True):
    """A symptom's life: it fires, is told to people, and is resolved."""

    id: str
    model: str
    version: str = ""
    kind: AlertKind
    name: str = ""
    language: str = ""
    region: str = ""
    severity: Severity
    status: AlertStatus
    summary: str
    since: str = ""
    evidence: dict[str, Any] = {}
    owner: str
    runbook: str  # address of the page
    started: str  # when it began to fire
    updated: str
    ended: str = ""
    silence: str = ""  # id of the silence that keeps it from being told
    escalation: str = ""  # whom to call where the owner does not answer
    gone: str = ""  # since when its symptom is not there any more; empty while it is
    due: str = ""  # when it is told next: the first time, worse than before, or again
    told: dict[str, Severity] = {}  # receiver → as what it was told there last
    revision: int = 0  # 0: not stored yet

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """That of its symptom."""
        return self.model, self.version, self.kind, self.name, self.language

    @property
    def group(self) -> tuple[str, str, str]:
        """Alerts of one group are told together."""
        return self.model, self.version, self.region


class Notice(Record, frozen=True, kw_only=True):
    """A message to one receiver, kept until it is delivered. Its id is the same however often it is tried."""

    id: str
    receiver: str
    group: list[str]  # model, version, region
    alerts: list[Alert]  # as they were when the notice was made
    status: NoticeStatus
    created: str
    due: str  # not before
    attempts: int = 0
    error: str = ""  # of the last attempt
    revision: int = 0


class Silence(Record, frozen=True, kw_only=True):
    """Alerts that fit are not told while it lasts. Empty fields fit everything."""

    id: str
    model: str = ""
    version: str = ""
    language: str = ""
    kind: str = ""
    severity: str = ""
    starts: str
    ends: str
    reason: str
    actor: str
    cause: Literal["maintenance", "deploy"] = "maintenance"

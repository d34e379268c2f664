"""Messages in words: a line that fits into a subject, and a page of plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from dragoman.monitoring.alerts.languages import language_name
from dragoman.monitoring.alerts.moments import moment_of
from dragoman.records import Alert, Notice

__all__ = ["status_of", "subject_of", "text_of", "what_of"]

SHOWN = 40  # alerts that a text describes
WIDTH = 60  # characters of an evidence's value


def status_of(notice: Notice) -> str:
    """`firing` where anything in the message fires, else `resolved`."""
    return "firing" if any(alert.status == "firing" for alert in notice.alerts) else "resolved"


def subject_of(notice: Notice) -> str:
    """`[page] support v7: latency in Hindi and 2 more`."""
    first, others = notice.alerts[0], len(notice.alerts) - 1
    more = f" and {others} more" if others else ""
    return f"[{_badge(first)}] {_place(notice.group)}: {what_of(first)}{more}"


def what_of(alert: Alert) -> str:
    """What is watched, and in which language: `latency in Hindi`."""
    what = alert.name or alert.kind
    what = what if alert.kind in ("slo", what) else f"{alert.kind}: {what}"
    return f"{what} in {language_name(alert.language)}" if alert.language else what


def text_of(notice: Notice) -> str:
    """Everything that the message's alerts say, for a person to read; the first ones where there are very many."""
    shown = notice.alerts[:SHOWN]
    rest = len(notice.alerts) - len(shown)
    of_model = f" --model {notice.group[0]}" if notice.group[0] else ""
    more = [f"And {rest} more: dragoman monitor alerts{of_model}", ""] if rest else []
    return "\n".join([*(line for alert in shown for line in _paragraph(alert)), *more, f"Message {notice.id}", ""])


def _paragraph(alert: Alert) -> Iterator[str]:
    yield f"[{_badge(alert)}] {what_of(alert)}"
    yield alert.summary
    yield ""
    for name, value in _facts(alert):
        yield f"  {name:<12}{value}"
    yield from _evidence(alert.evidence)
    yield ""


def _facts(alert: Alert) -> Iterator[tuple[str, str]]:
    yield "model", _place([alert.model, alert.version, alert.region])
    yield "since", _clock(alert.since or alert.started)
    if alert.ended:
        yield "ended", _clock(alert.ended)
    if alert.owner:
        yield "owner", alert.owner
    if alert.escalation:
        yield "otherwise", alert.escalation
    yield "runbook", alert.runbook
    yield "alert", alert.id


def _evidence(evidence: Mapping[str, Any]) -> Iterator[str]:
    if evidence:
        yield "  evidence"
    width = max(map(len, evidence), default=0)
    for name, value in evidence.items():
        yield f"    {name:<{width}}  {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    text = f"{value:.4g}" if isinstance(value, float) else " ".join(str(value).split())
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"


def _badge(alert: Alert) -> str:
    return "resolved" if alert.status == "resolved" else alert.severity


def _place(group: list[str]) -> str:
    """`support v7 (eu-west)`; what is wrong with a server is of no model."""
    model, version, region = group
    model = model or "server"
    numbered = f" v{version}" if version.isdecimal() else f" {version}" if version else ""
    return f"{model}{numbered}" + (f" ({region})" if region else "")


def _clock(time: str) -> str:
    return f"{moment_of(time).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"

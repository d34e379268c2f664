"""Alert rules: a budget that burns too fast, events that stay away, and what Dragoman itself has found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dragoman.deploy.prometheus.recordings import Group, Rule
from dragoman.deploy.prometheus.slo import Slo
from dragoman.monitoring.alerts import runbook_of
from dragoman.monitoring.service import ALL
from dragoman.monitoring.slo.absence import LEAST, WINDOWS
from dragoman.monitoring.slo.burn_rules import BurnRule, in_words
from dragoman.records import AlertKind, Severity

__all__ = ["absent_groups", "burn_group", "no_metrics_group", "own_groups"]

SEVERITIES: tuple[Severity, ...] = ("page", "ticket")
WHAT = {
    "availability": "requests failed",
    "latency": "online requests took longer than {seconds:g} s",
    "quality": "labelled predictions were wrong",
    "coverage": "texts got no full answer",
}
EVENTS = {"availability": "requests", "quality": "labels"}  # whose absence is told


def burn_group(slo: Slo, runbooks: str) -> Group:
    """A page and a ticket, each where one of its rules fires."""
    rules = [_burn_alert(slo, severity, runbooks) for severity in SEVERITIES]
    return {"name": f"sloth-slo-alerts-{slo.id}", "interval": "1m", "rules": rules}


def _burn_alert(slo: Slo, severity: Severity, runbooks: str) -> Rule:
    one = slo.objective
    where = f" in {one.language}" if one.language else ""
    what = WHAT[one.name].format(seconds=one.seconds)
    return _alert(
        f"DragomanSlo{one.name.capitalize()}",
        "or\n".join(_burns(slo, rule) for rule in slo.rules if rule.severity == severity),
        labels={**slo.labels, "sloth_severity": severity, "severity": severity, "owner": slo.owner},
        kind="slo",
        runbooks=runbooks,
        summary=f"{{{{ $value | humanizePercentage }}}} of {what}{where}: model {one.model}",
        description=f"The error budget of {one.days} days ({100 * one.budget:.6g}%) burns too fast.",
    )


def _burns(slo: Slo, rule: BurnRule) -> str:
    """Sloth's form, with two conditions more: the evidence, and a short window without events is no end."""
    long, short = in_words(rule.long), in_words(rule.short)
    threshold = f"({rule.factor:.12g} * {slo.objective.budget:.12g})"
    return (
        "(\n"
        f"  max(slo:sli_error:ratio_rate{long}{slo.selector} > {threshold}) without (sloth_window)\n"
        "  and\n"
        f"  max(slo:sli_error:evidence{long}{slo.selector} >= {rule.evidence:g}) without (sloth_window)\n"
        "  unless\n"
        f"  max(slo:sli_error:ratio_rate{short}{slo.selector} < {threshold}) without (sloth_window)\n"
        ")\n"
    )


def absent_groups(slo: Slo, runbooks: str) -> list[Group]:
    """Requests or labels that stay away; no group for an objective whose events come with the requests."""
    if slo.objective.name not in EVENTS:
        return []
    return [{"name": f"dragoman-slo-absent-{slo.id}", "interval": "1m", "rules": [_no_events(slo, runbooks)]}]


def no_metrics_group(model: str, owner: str, runbooks: str) -> Group:
    """Nobody shows metrics of a model."""
    rule = _alert(
        "DragomanAbsentMetrics",
        f'absent(dragoman_sli_events_total{{model="{model}"}})',
        labels={"severity": "page", "owner": owner},
        kind="absent",
        runbooks=runbooks,
        summary=f"No server shows metrics of model {model}",
        description="Nothing is known of its objectives: servers do not run, do not have it, or are not scraped.",
    )
    rules = [{"alert": rule["alert"], "expr": rule["expr"], "for": "10m", **rule}]
    return {"name": f"dragoman-slo-absent-{model}", "interval": "1m", "rules": rules}


def _no_events(slo: Slo, runbooks: str) -> Rule:
    one = slo.objective
    what = EVENTS[one.name] + (f" in {one.language}" if one.language else "")
    is_all = (one.name, one.language) == ("availability", "")
    return _alert(
        f"DragomanAbsent{one.name.capitalize()}",
        "or\n".join(_silent(slo, window) for window in WINDOWS),
        labels={**slo.labels, "severity": "page" if is_all else "ticket", "owner": slo.owner},
        kind="absent",
        runbooks=runbooks,
        summary=f"No {what}: model {one.model}",
        description="A day and a week ago, at the same time, there were some. An objective over nothing looks kept.",
    )


def _silent(slo: Slo, minutes: int) -> str:
    """`monitoring.slo.absence` in PromQL: a week ago is asked only where there was something to count."""
    events = f"dragoman:sli_events:increase{in_words(minutes)}{slo.events}"
    everything = (
        f'dragoman:sli_events:increase1d{{model="{slo.objective.model}", slo="{slo.objective.name}", language="{ALL}"}}'
    )
    return (
        "(\n"
        f"  ({events} == 0)\n"
        f"  and ({events} offset 1d >= {LEAST})\n"
        f"  unless (({events} offset 1w < {LEAST}) and on (model, slo) ({everything} offset 1w > 0))\n"
        ")\n"
    )


def own_groups(runbooks: str) -> list[Group]:
    """Alerts that Dragoman found itself in texts and answers, and messages that it could not deliver."""
    return [{"name": "dragoman-alerts", "interval": "1m", "rules": list(_own_rules(runbooks))}]


def _own_rules(runbooks: str) -> Iterator[Rule]:
    found = 'dragoman_alert_firing{{kind="{}"}}'
    kinds: tuple[AlertKind, ...] = ("drift", "language-mix", "freshness", "memory", "log", "loop")
    for kind in kinds:
        name = "".join(word.capitalize() for word in kind.split("-"))
        yield _alert(
            f"Dragoman{name}",
            f"max without (instance, job) ({found.format(kind)}) > 0",
            labels={},
            kind=kind,
            runbooks=runbooks,
            summary="{{ $labels.kind }} {{ $labels.name }} {{ $labels.language }}: model {{ $labels.model }}",
            description="`dragoman monitor alerts` shows the evidence.",
        )
    yield {
        "alert": "DragomanAlertsUndelivered",
        "expr": "increase(dragoman_alert_messages_given_up_total[1h]) > 0",
        "labels": {"severity": "ticket"},
        "annotations": {"summary": "Messages about alerts will not reach {{ $labels.receiver }}"},
    }


def _alert(
    name: str, expr: str, *, labels: dict[str, str], kind: AlertKind, runbooks: str, summary: str, description: str
) -> Rule:
    notes: dict[str, Any] = {"summary": summary, "description": description, "runbook_url": runbook_of(kind, runbooks)}
    if owner := labels.get("owner"):
        notes["owner"] = _untemplated(owner)
    plain = {key: _untemplated(value) for key, value in labels.items()}
    return {"alert": name, "expr": expr, "labels": {**plain, "kind": kind}, "annotations": notes}


def _untemplated(text: str) -> str:
    """Prometheus fills in templates in labels and annotations; a name is none."""
    return text.replace("{{", '{{ "{{" }}')

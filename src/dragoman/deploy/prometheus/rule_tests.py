"""Tests of the rules for `promtool test rules`: what must fire, and what must not, at little and at much traffic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from dragoman.deploy.prometheus.recordings import Group
from dragoman.deploy.prometheus.slo import Slo
from dragoman.monitoring.service import ALL
from dragoman.records import Severity

__all__ = ["SCENARIOS", "Scenario", "rule_tests"]

LANGUAGE = "other"  # events that are played: they count in the objective over all languages
MINUTES = 90


class Scenario(NamedTuple):
    """Traffic of an hour and a half."""

    name: str
    per_minute: int
    share: float = 0.0  # of the events that are bad
    single: bool = False  # one event is bad, in the middle
    page: bool = False  # whether somebody must be woken


SCENARIOS = (
    Scenario("healthy, 1 a minute", 1),
    Scenario("healthy, 1,000 a second", 60_000),
    Scenario("one failure, 1 a minute", 1, single=True),
    Scenario("outage, 1 a minute", 1, share=1.0, page=True),
    Scenario("outage, 1,000 a second", 60_000, share=1.0, page=True),
)


def rule_tests(rule_file: str, groups: Sequence[Group], slos: Sequence[Slo]) -> dict[str, Any]:
    """A file of tests of objectives over all languages.

    `rule_file` is the path of their rules as seen from it, `groups` what is in that file: it is evaluated in order.
    """
    tests = [_test(slo, scenario) for slo in slos for scenario in SCENARIOS]
    order = [group["name"] for group in groups]
    return {"rule_files": [rule_file], "evaluation_interval": "1m", "group_eval_order": order, "tests": tests}


def _test(slo: Slo, scenario: Scenario) -> dict[str, Any]:
    return {
        "name": f"{slo.id}: {scenario.name}",
        "interval": "1m",
        "input_series": list(_series(slo, scenario)),
        "promql_expr_test": [
            {
                "expr": 'count by (alertname, slo, language, severity) (ALERTS{sloth_severity!=""})',
                "eval_time": f"{MINUTES - 1}m",
                "exp_samples": list(_alerts(slo, scenario)),
            }
        ],
    }


def _series(slo: Slo, scenario: Scenario) -> Iterator[dict[str, str]]:
    one = slo.objective
    labels = f'{{model="{one.model}", slo="{one.name}", language="{LANGUAGE}"}}'
    bad = round(scenario.share * scenario.per_minute)
    half = MINUTES // 2
    course = f"0+0x{half} 1+0x{half}" if scenario.single else f"0+{bad}x{MINUTES}"
    yield {"series": f"dragoman_sli_events_total{labels}", "values": f"0+{scenario.per_minute}x{MINUTES}"}
    yield {"series": f"dragoman_sli_bad_events_total{labels}", "values": course}


def _alerts(slo: Slo, scenario: Scenario) -> Iterator[dict[str, Any]]:
    severities: tuple[Severity, ...] = ("page", "ticket") if scenario.page else ()
    for severity in severities:
        name = f"DragomanSlo{slo.objective.name.capitalize()}"
        labels = f'alertname="{name}", slo="{slo.objective.name}", language="{ALL}", severity="{severity}"'
        yield {"labels": f"{{{labels}}}", "value": 1}

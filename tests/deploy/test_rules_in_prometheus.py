"""The rules, evaluated by Prometheus itself, find what the evaluation in Python finds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from tests.deploy.promtool import needs_promtool, promtool
from tests.monitoring.slo.world import Course, course, judged, spec

from dragoman.deploy.prometheus import prometheus_files, write_files
from dragoman.spec import ModelSpec

LOW, HIGH = 1, 60_000  # events a minute: one, and 1,000 a second
HOURS = 3
STRICT, LOOSE = spec("hi", per_language=False), spec("hi", availability=0.9, per_language=False)
RULES = "rules/dragoman-slo-support.yml"

pytestmark = needs_promtool


def events(per_minute: int, bad: float, *, minutes: int = 60 * HOURS, last: int | None = None) -> Course:
    """A share of bad events, spread evenly."""
    made = course(minutes, per_minute)
    cumulated = np.floor(np.arange(1, minutes + 1) * per_minute * bad + 1e-9)
    made[:, 1] = np.diff(cumulated, prepend=0)
    made[: minutes - (last or minutes), 1] = 0
    return made


def single(per_minute: int) -> Course:
    made = course(60 * HOURS, per_minute)
    made[-3, 1] = 1
    return made


def ended(per_minute: int) -> Course:
    return np.concatenate([events(per_minute, 0.02, minutes=100), events(per_minute, 0.0, minutes=80)])


SCENARIOS: dict[str, tuple[ModelSpec, Course, set[str]]] = {
    "healthy at 1 a minute": (STRICT, events(LOW, 0.0), set()),
    "healthy at 1,000 a second": (STRICT, events(HIGH, 0.0005), set()),
    "half of what is allowed, 90%": (LOOSE, events(HIGH, 0.05), set()),
    "one failure at 1 a minute": (STRICT, single(LOW), set()),
    "one failure at 1,000 a second": (STRICT, single(HIGH), set()),
    "slow burn at 1,000 a second": (STRICT, events(HIGH, 0.002), {"ticket"}),
    "slow burn at 1,000 a second, 90%": (LOOSE, events(HIGH, 0.2), {"ticket"}),
    "fast burn at 1 a minute": (STRICT, events(LOW, 0.2), {"page", "ticket"}),
    "fast burn at 1,000 a second": (STRICT, events(HIGH, 0.02), {"page", "ticket"}),
    "outage at 1 a minute": (STRICT, events(LOW, 1.0, last=30), {"page", "ticket"}),
    "outage at 1,000 a second, 90%": (LOOSE, events(HIGH, 1.0, last=150), {"page", "ticket"}),
    "a burn that ended": (STRICT, ended(HIGH), {"ticket"}),
}  # fmt: skip


def values(counts: Sequence[int]) -> str:
    """A counter that begins at 0, one sample a minute."""
    return " ".join(map(str, np.concatenate([[0], np.cumsum(counts)])))


def series(counts: Course, *, objective: str = "availability", language: str = "hi") -> list[dict[str, str]]:
    labels = f'{{model="support", slo="{objective}", language="{language}"}}'
    families = ("dragoman_sli_events_total", "dragoman_sli_bad_events_total")
    return [{"series": f"{name}{labels}", "values": values(counts[:, at])} for at, name in enumerate(families)]


def play(folder: Path, model: ModelSpec, tests: Sequence[dict[str, Any]], *, interval: str = "5m") -> None:
    """Have Prometheus evaluate the rules of a model over invented series; fails if something else fires."""
    write_files(folder, prometheus_files([model], {"global": {}}))
    groups = yaml.safe_load((folder / RULES).read_text())["groups"]
    order = [group["name"] for group in groups]
    content = {"rule_files": [RULES], "evaluation_interval": interval, "group_eval_order": order, "tests": list(tests)}
    (folder / "test.yml").write_text(yaml.safe_dump(content))
    promtool("test", "rules", "test.yml", folder=folder)


def expecting(at: str, *alerts: tuple[str, str]) -> list[dict[str, Any]]:
    """At a moment these alerts fire, each with a severity, and no others."""
    samples = [{"labels": f'{{alertname="{name}", severity="{severity}"}}', "value": 1} for name, severity in alerts]
    expr = 'count by (alertname, severity) (ALERTS{alertstate="firing"})'
    return [{"expr": expr, "eval_time": at, "exp_samples": samples}]


@pytest.mark.parametrize("model", [STRICT, LOOSE], ids=["99.9%", "90%"])
def test_prometheus_finds_what_python_finds(tmp_path, model):
    chosen = {name: rest for name, (spec, *rest) in SCENARIOS.items() if spec is model}
    for name, (counts, expected) in chosen.items():
        (view,) = judged(model, {("availability", "hi"): counts}).views
        assert set(view.firing.values()) == expected, name
    tests = [
        {
            "name": name,
            "interval": "1m",
            "input_series": series(counts),
            "promql_expr_test": expecting(
                f"{60 * HOURS}m", *(("DragomanSloAvailability", one) for one in sorted(expected))
            ),
        }
        for name, (counts, expected) in chosen.items()
    ]
    play(tmp_path, model, tests)


def test_requests_that_stay_away_are_told_and_a_model_that_nobody_shows(tmp_path):
    day = course(60 * 25, 5)
    day[-30:] = 0
    silent = {"name": "silent", "interval": "1m", "input_series": series(day)}
    silent["promql_expr_test"] = expecting("1500m", ("DragomanAbsentAvailability", "page"))
    gone = {"name": "gone", "interval": "1m", "input_series": []}
    gone["promql_expr_test"] = expecting("30m", ("DragomanAbsentMetrics", "page"))
    play(tmp_path, STRICT, [silent, gone])


def test_an_hour_that_was_quiet_a_week_ago_is_not_told(tmp_path):
    week = course(24 * 12 * 8, 50)  # a sample every five minutes
    quiet = week.copy()
    quiet[-12:] = quiet[-12 * 169 : -12 * 168] = 0
    week[-12:] = 0
    tests = [
        {"name": name, "interval": "5m", "input_series": series(counts), "promql_expr_test": expecting("192h", *alerts)}
        for name, counts, alerts in (("busy", week, [("DragomanAbsentAvailability", "page")]), ("quiet", quiet, []))
    ]
    play(tmp_path, STRICT, tests, interval="1h")


def test_the_budget_that_is_left_is_weighted_by_traffic(tmp_path):
    counts = np.concatenate([events(HIGH, 0.0, minutes=120), events(LOW, 1.0, minutes=120)])
    left = {"expr": "round(max(slo:period_error_budget_remaining:ratio) * 1e3)", "eval_time": "240m"}
    left["exp_samples"] = [{"labels": "{}", "value": 983}]
    play(tmp_path, STRICT, [{"interval": "1m", "input_series": series(counts), "promql_expr_test": [left]}])

"""Releases as Prometheus metrics: arms, steps, exposure and the evidence per language and metric."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dragoman.errors import DragomanError
from dragoman.records import Finding, GateResult, Release, ReleaseStatus, Verdict
from dragoman.release.standing import standing

__all__ = ["MAX_ROWS", "ReleaseCollector", "shown_releases"]

logger = logging.getLogger(__name__)

MAX_ROWS = 5_000  # findings and gates in one scrape, each of which is up to eight series
OTHER = "other"
SCORES: dict[Verdict, float] = {"pass": 1.0, "not enough evidence": 0.0, "fail": -1.0}
NUMBERS = {
    "observations": ("n", "Requests that the finding rests on."),
    "effect": ("effect", "Mean harm; above 0 the challenger is worse."),
    "effect_low": ("low", "Lower end of the interval of the mean harm, which holds at all times."),
    "effect_high": ("high", "Upper end of it."),
    "limit": ("limit", "Greatest mean harm of a healthy challenger."),
    "e_value": ("e_value", "Evidence that the harm is above its limit."),
    "e_safe": ("e_safe", "Evidence that the harm is below its limit."),
}


class ReleaseCollector(Collector):
    """Shows one release of each model: the active one, else the last that ended.

    Labels are bounded: models are those with a release, languages those of the release's plan (exposure in others is
    "other"), metrics and gates those of the judge. Past `max_rows` findings and gates in one scrape the rest is left
    out, running releases last, and counted in `dragoman_release_rows_left_out`. While the catalog cannot be read,
    nothing of releases is shown.

    Register it in a `CollectorRegistry`; `releases` is asked at every scrape, for the newest first.
    """

    def __init__(self, releases: Callable[[], Sequence[Release]], *, max_rows: int = MAX_ROWS) -> None:
        self.releases, self.max_rows = releases, max_rows

    def describe(self) -> list[Metric]:
        """Names without a question to the catalog: the registry asks for them when the collector is registered."""
        return list(_families([], max_rows=self.max_rows))

    def collect(self) -> Iterator[Metric]:
        try:
            found = shown_releases(self.releases())
        except DragomanError as error:
            logger.warning("Releases are not in the metrics: %s", error)
            return
        yield from _families(found, max_rows=self.max_rows)


def shown_releases(releases: Sequence[Release]) -> list[Release]:
    """The active release of each model, else its newest; active ones first. `releases` has the newest first."""
    chosen: dict[str, Release] = {}
    for release in releases:
        if release.model not in chosen or (release.is_active and not chosen[release.model].is_active):
            chosen[release.model] = release
    return sorted(chosen.values(), key=lambda release: (not release.is_active, release.model))


def _families(releases: Sequence[Release], *, max_rows: int) -> Iterator[Metric]:
    yield from _states(releases)
    yield _exposure(releases)
    yield from _rows(releases, max_rows=max_rows)


def _states(releases: Sequence[Release]) -> Iterator[Metric]:
    about = InfoMetricFamily("dragoman_release", "The release that is shown of a model.", labels=["model"])
    status = _gauge("status", "1 for the status of the release, 0 for the others.", "status")
    arms = _gauge("share", "Share of the subjects that an arm answers.", "arm", "version")
    step = _gauge("step", "Place in the plan's steps; -1 before the first.")
    verdict = _gauge("standing", "Verdict on the whole release: 1 pass, 0 not enough evidence, -1 fail.")
    for one in releases:
        ids = {"release": one.id, "champion": str(one.champion), "challenger": str(one.challenger)}
        about.add_metric([one.model], ids)
        for name in get_args(ReleaseStatus):
            status.add_metric([one.model, name], float(one.status == name))
        arms.add_metric([one.model, "champion", str(one.champion)], 1.0 - one.share)
        arms.add_metric([one.model, "challenger", str(one.challenger)], one.share)
        step.add_metric([one.model], one.step)
        verdict.add_metric([one.model], SCORES[standing(one).verdict])
    yield from (about, status, arms, step, verdict)


def _exposure(releases: Sequence[Release]) -> Metric:
    exposed = CounterMetricFamily(
        "dragoman_release_exposed", "Requests of users that the challenger answered.", labels=["model", "language"]
    )
    for one in releases:
        counts = dict.fromkeys(one.languages, 0)
        for language, count in one.exposed.items():
            name = language if language in counts else OTHER
            counts[name] = counts.get(name, 0) + count
        for language, count in counts.items():
            exposed.add_metric([one.model, language], count)
    return exposed


def _rows(releases: Sequence[Release], *, max_rows: int) -> Iterator[Metric]:
    rows = [(one.model, row) for one in releases for row in (*one.findings, *one.gates)]
    shown = rows[:max_rows]
    findings = [(model, row) for model, row in shown if isinstance(row, Finding)]
    gates = [(model, row) for model, row in shown if isinstance(row, GateResult)]
    for name, (field, help) in NUMBERS.items():
        yield _numbers(name, field, help, findings)
    verdicts = _gauge("verdict", "Of a finding: 1 pass, 0 not enough evidence, -1 fail.", "language", "metric")
    for model, row in findings:
        verdicts.add_metric([model, row.language, row.metric], SCORES[row.verdict])
    gate_verdicts = _gauge(
        "gate", "Of a gate before traffic: 1 pass, 0 not enough evidence, -1 fail.", "language", "gate"
    )
    for model, gate in gates:
        gate_verdicts.add_metric([model, gate.language or "all", gate.gate], SCORES[gate.verdict])
    yield from (verdicts, gate_verdicts)
    left_out = GaugeMetricFamily("dragoman_release_rows_left_out", "Findings and gates that are too many to be shown.")
    left_out.add_metric([], len(rows) - len(shown))
    yield left_out


def _numbers(name: str, field: str, help: str, findings: Sequence[tuple[str, Finding]]) -> Metric:
    family = _gauge(name, help, "language", "metric")
    for model, row in findings:
        if (value := getattr(row, field)) is not None:
            family.add_metric([model, row.language, row.metric], value)
    return family


def _gauge(name: str, help: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"dragoman_release_{name}", help, labels=["model", *labels])

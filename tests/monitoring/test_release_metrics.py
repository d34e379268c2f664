from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from dragoman.api.fakes import fake_finding, fake_release
from dragoman.errors import Unavailable
from dragoman.monitoring.metrics import Metrics
from dragoman.monitoring.release_metrics import ReleaseCollector, shown_releases
from dragoman.records import GateResult, Release

FINDING = fake_finding()


def samples(*releases: Release, **options: Any) -> dict[tuple[str, ...], float]:
    """What a scrape shows: name and values of the labels → value."""
    registry = CollectorRegistry()
    registry.register(ReleaseCollector(lambda: releases, **options))
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {
        (sample.name.removeprefix("dragoman_release_"), *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_release_shows_its_status_step_and_arms():
    shown = samples(fake_release(share=0.05, step=2))
    assert shown["status", "support", "canary"] == 1.0
    assert shown["status", "support", "promoted"] == 0.0
    assert shown["step", "support"] == 2
    assert shown["share", "champion", "support", "7"] == 0.95
    assert shown["share", "challenger", "support", "8"] == 0.05
    assert shown["standing", "support"] == 0.0
    assert shown["info", "8", "7", "support", "r-1"] == 1.0


def test_exposure_is_told_by_language_and_those_not_declared_are_other():
    shown = samples(fake_release(exposed={"th": 12, "xx": 3, "yy": 4}))
    assert shown["exposed_total", "de", "support"] == 0
    assert shown["exposed_total", "th", "support"] == 12
    assert shown["exposed_total", "other", "support"] == 7


def test_a_finding_is_shown_with_its_evidence():
    shown = samples(fake_release(findings=[FINDING]))
    place = ("th", "agreement", "support")
    names = ("observations", "effect", "effect_low", "effect_high", "limit", "e_value", "e_safe", "verdict")
    assert [shown[name, *place] for name in names] == [400, 0.11, 0.08, 0.15, 0.04, 5e6, 0.001, -1.0]
    assert shown["standing", "support"] == -1.0


def test_a_finding_without_a_limit_shows_none():
    shown = samples(fake_release(findings=[msgspec.structs.replace(FINDING, limit=None)]))
    assert ("limit", "th", "agreement", "support") not in shown
    assert ("effect", "th", "agreement", "support") in shown


def test_gates_before_traffic_are_shown():
    gates = [GateResult(gate="parity", verdict="pass"), GateResult(gate="floor", language="th", verdict="fail")]
    shown = samples(fake_release(gates=gates))
    assert (shown["gate", "parity", "all", "support"], shown["gate", "floor", "th", "support"]) == (1.0, -1.0)


def test_a_model_shows_its_active_release_else_its_newest():
    old = fake_release(id="r-1", status="promoted")
    running = fake_release(id="r-2", status="shadow")
    newer = fake_release(id="r-3", status="rolled_back")
    assert [one.id for one in shown_releases([newer, running, old])] == ["r-2"]
    assert [one.id for one in shown_releases([newer, old])] == ["r-3"]


def test_too_many_findings_leave_ended_releases_out_first():
    running = fake_release(findings=[FINDING, msgspec.structs.replace(FINDING, language="de")])
    ended = fake_release(id="r-0", model="intents", status="promoted", findings=[FINDING])
    shown = samples(ended, running, max_rows=2)
    assert [place for place in shown if place[0] == "n" or place[0] == "observations"] == [
        ("observations", "th", "agreement", "support"),
        ("observations", "de", "agreement", "support"),
    ]
    assert shown["rows_left_out",] == 1


def test_a_catalog_that_cannot_be_read_does_not_break_the_scrape(caplog):
    def unavailable() -> list[Release]:
        raise Unavailable("The catalog does not answer.")

    registry = CollectorRegistry()
    registry.register(ReleaseCollector(unavailable))
    assert generate_latest(registry) == b""
    assert "The catalog does not answer." in caplog.text


def test_releases_are_among_the_metrics_of_the_server():
    metrics = Metrics()
    metrics.add(ReleaseCollector(lambda: [fake_release()]))
    assert b'dragoman_release_step{model="support"} 1.0' in metrics.exposition()


def test_releases_are_shown_by_processes_that_share_their_counts(tmp_path):
    program = (
        "from dragoman.api.fakes import fake_release\n"
        "from dragoman.monitoring.metrics import Metrics\n"
        "from dragoman.monitoring.release_metrics import ReleaseCollector\n"
        "metrics = Metrics()\n"
        "metrics.add(ReleaseCollector(lambda: [fake_release()]))\n"
        "print(metrics.exposition().decode())\n"
    )
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    shown = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert 'dragoman_release_step{model="support"} 1.0' in shown.stdout


def test_registering_asks_no_catalog():
    asked = []
    registry = CollectorRegistry()
    registry.register(ReleaseCollector(lambda: asked.append(1) or []))
    assert asked == []

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from tests.monitoring.slo.world import spec

from dragoman.monitoring.service import ServiceCounter, TextAnswered
from dragoman.monitoring.slo import SliMetrics
from dragoman.spec import LanguageSloSpec


def shown(registry: CollectorRegistry) -> dict[tuple[str, ...], float]:
    """Short name, objective and language → value."""
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {
        (one.name.removeprefix("dragoman_sli_"), one.labels["slo"], one.labels["language"]): one.value
        for family in families
        for one in family.samples
        if not one.name.endswith("_created")
    }


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def test_every_series_begins_at_zero(registry):
    SliMetrics(registry).watch(spec("hi"))
    assert shown(registry) == {
        **{(name, "availability", language): 0.0 for name in ("events_total", "bad_events_total")
           for language in ("hi", "other", "unknown")},
        ("objective", "availability", "overall"): 0.999,
        ("objective", "availability", "hi"): 0.999,
    }  # fmt: skip


def test_what_the_counter_counts_is_shown(registry):
    metrics = SliMetrics(registry)
    metrics.watch(model := spec("hi", latency=0.9))
    counter = ServiceCounter(metrics)
    counter.watch("support", "7", model.languages, model.slo)
    counter.answered("support", "7", [TextAnswered("hi", 1)], seconds=0.6, queue_seconds=0.0, at=0.0)
    counter.failed("support", "7", error=MemoryError(), at=0.0)
    found = shown(registry)
    assert [found[f"{kind}_total", "latency", "hi"] for kind in ("events", "bad_events")] == [1, 1]
    assert [found[f"{kind}_total", "availability", "hi"] for kind in ("events", "bad_events")] == [1, 0]
    assert [found[f"{kind}_total", "availability", "unknown"] for kind in ("events", "bad_events")] == [1, 1]


def test_indicators_without_an_objective_and_other_models_are_not_shown(registry):
    metrics = SliMetrics(registry)
    metrics.watch(spec("hi"))
    before = shown(registry)
    metrics.count("support", "coverage", "hi", total=1, bad=1)
    metrics.count("nobody", "availability", "hi", total=1, bad=1)
    metrics.count("support", "availability", "xx", total=1, bad=1)
    assert shown(registry) == before


def test_new_objectives_replace_the_old_ones_and_counts_go_on(registry):
    metrics = SliMetrics(registry)
    metrics.watch(spec("hi", latency=0.9))
    metrics.count("support", "availability", "hi", total=5, bad=1)
    own = {"hi": LanguageSloSpec(availability=0.9)}
    metrics.watch(spec("hi", languages=own))
    found = shown(registry)
    assert found["events_total", "availability", "hi"] == 5
    assert found["objective", "availability", "hi"] == 0.9
    assert {name for name in found if name[1] == "latency"} == set()


def test_a_forgotten_model_leaves_no_series(registry):
    metrics = SliMetrics(registry)
    metrics.watch(spec("hi"))
    metrics.forget("support")
    metrics.forget("support")
    assert shown(registry) == {}


def test_processes_that_share_their_counts_add_up(tmp_path):
    program = (
        "from dragoman.monitoring.metrics import Metrics\n"
        "from dragoman.monitoring.slo import SliMetrics\n"
        "from tests.monitoring.slo.world import spec\n"
        "metrics = Metrics()\n"
        "sli = SliMetrics(metrics.registry)\n"
        "sli.watch(spec('hi'))\n"
        "sli.count('support', 'availability', 'hi', total=3, bad=1)\n"
        "print(metrics.exposition().decode())\n"
    )
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-c", program]
    first, second = (
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout for _ in range(2)
    )
    series = 'dragoman_sli_events_total{language="hi",model="support",slo="availability"}'
    assert f"{series} 3.0" in first
    assert f"{series} 6.0" in second

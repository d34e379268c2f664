from __future__ import annotations

import sys

import pytest

from dragoman.bench import engine
from dragoman.bench.engine import measure_engines
from dragoman.bench.plan import Plan
from dragoman.bench.report import spread

FAKE = """
import json, sys
name = sys.argv[1]
seconds = {"dragoman-int8": 1.0, "openvino": 2.0}.get(name, 4.0)
memory = {"started": 10, "imported": 30, "loaded": 100, "peak": 150, "device": 0}
loaded = {"versions": {name: "1"}, "import_seconds": 1, "load_seconds": 2, "memory_mb": memory, "vector": [3, 4]}
answers = {
    "prepare": {"settings": {"options": {"way": "best"}, "batch": 8, "single": {}}},
    "load": loaded,
    "throughput": {"seconds": seconds},
    "latency": {"milliseconds": [seconds, 2 * seconds, 3 * seconds]},
    "rates": {"rates": [{"precision": "int8", "source": name, "shape": "1x2x3", "gops": 500.0}]},
}
for line in sys.stdin:
    command = json.loads(line)["do"]
    answer = {"missing": ["ctranslate2"]} if name == "ctranslate2" else answers[command]
    if name == "transformers" and command == "throughput":
        sys.exit("killed")
    print(json.dumps(answer), flush=True)
"""


@pytest.fixture(autouse=True)
def fakes(monkeypatch):
    """Contenders that answer at once, with times that are known."""
    monkeypatch.setattr(engine, "command_of", lambda name, *, interpreter: [sys.executable, "-c", FAKE, name])
    monkeypatch.setattr(engine, "SETTLE_SECONDS", 0.0)


def measured(*peers: str, rounds: int = 2):
    return measure_engines(Plan(shape="small", texts=4, rounds=rounds, peers=peers))


def test_ratios_compare_dragoman_with_every_other():
    ratios = {one.other: one for one in measured("openvino").ratios}
    assert ratios["openvino"].throughput == spread([2.0])
    assert ratios["openvino"].latency == spread([0.5])
    assert ratios["dragoman-fp32"].throughput == spread([4.0])


def test_a_gauge_that_fails_leaves_the_shares_empty(monkeypatch):
    fails = FAKE.replace('"rates": {"rates"', '"rates": {"error": "broken", "rates"')
    monkeypatch.setattr(engine, "command_of", lambda name, *, interpreter: [sys.executable, "-c", fails, name])
    said: list[str] = []
    report = measure_engines(Plan(shape="small", texts=4, rounds=1, peers=()), say=said.append)
    assert (report.peaks, report.contests[0].share_of_peak) == ([], None)
    assert said[-1] == "dragoman-rates: dragoman-rates failed: broken"


def test_rates_are_tokens_by_seconds_and_memory_is_above_the_process():
    report = measured()
    first = report.contests[0]
    assert first.tokens_per_second == spread([report.workload.tokens / 1.0])
    assert (first.loaded_mb, first.peak_mb, first.single_ms) == (70, 140, spread([2.0]))
    assert first.settings == "way best, batch 8"
    assert first.cosine == pytest.approx(1.0)


def test_the_share_is_that_of_the_int8_peak():
    report = measured()
    (peak,) = report.peaks
    done = report.workload.tokens * report.workload.operations_per_token
    assert (peak.precision, peak.gops.median, peak.source) == ("int8", 500.0, "dragoman-rates 1x2x3")
    assert report.contests[0].share_of_peak == pytest.approx(done / 500e9)


def test_a_peer_that_is_not_installed_is_listed():
    (*_, last) = measured("ctranslate2").contests
    assert (last.note, last.tokens_per_second) == ("not installed: ctranslate2", None)


def test_a_peer_that_dies_leaves_the_race_and_the_others_go_on():
    report = measured("transformers", "openvino", rounds=3)
    notes = {contest.name: contest.note for contest in report.contests}
    assert notes["transformers"].endswith("killed")
    assert [one.other for one in report.ratios] == ["dragoman-fp32", "openvino"]


def test_every_step_is_said():
    said: list[str] = []
    measure_engines(Plan(shape="small", texts=4, rounds=2, peers=("ctranslate2",)), say=said.append)
    assert said[-2:] == ["round 1", "round 2"]
    assert "ctranslate2: not installed: ctranslate2" in said


def test_a_spread_is_median_and_extremes():
    assert (spread([3, 1, 2]).median, spread([3, 1, 2]).low, spread([3, 1, 2]).high) == (2, 1, 3)

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.serving.pieces import pieces_of, results_of

from dragoman.errors import DeadlineExceeded, Overloaded
from dragoman.monitoring import metrics as metrics_module
from dragoman.monitoring.metrics import Metrics
from dragoman.serving.cache import ResultCache
from dragoman.serving.fakes import FakeClock, HeldSession, fake_engine
from dragoman.serving.observer import Answered, BatchRan, Failed, TextSeen

PLACE = {"model": "support", "version": "1", "task": "text-classification"}


@pytest.fixture
def metrics() -> Metrics:
    metrics = Metrics()
    metrics.watch("support", "1", ["en", "ru", "th"])
    return metrics


def answered(*texts: TextSeen, model: str = "support", version: str = "1") -> Answered:
    return Answered(model, version, "text-classification", texts, seconds=0.02, queue_seconds=0.004)


def samples(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """The values of a series, by its labels' values in the order of their names."""
    return {
        tuple(sample.labels[label] for label in sorted(sample.labels)): sample.value
        for family in text_string_to_metric_families(metrics.exposition().decode())
        for sample in family.samples
        if sample.name == name
    }


def languages(metrics: Metrics, name: str) -> dict[str, float]:
    return {labels[0]: value for labels, value in samples(metrics, name).items()}


def test_a_request_counts_by_model_version_task_and_language(metrics: Metrics) -> None:
    metrics.answered(answered(TextSeen("th", 12, truncated=True)))
    place = ("th", "support", "text-classification", "1")
    names = ["requests", "texts", "truncated_texts"]
    assert [samples(metrics, f"dragoman_{name}_total") for name in names] == [{place: 1.0}] * 3
    assert samples(metrics, "dragoman_tokens_total") == {place: 12.0}
    assert samples(metrics, "dragoman_request_seconds_sum") == {place: 0.02}
    assert samples(metrics, "dragoman_queue_seconds_sum") == {place: 0.004}


def test_compute_counts_by_language(metrics: Metrics) -> None:
    for seconds in (0.25, 0.5):
        texts = [TextSeen("th", 12, truncated=False, compute=seconds), TextSeen("en", 3, truncated=False)]
        metrics.answered(answered(*texts))
    assert languages(metrics, "dragoman_compute_seconds_total") == {"en": 0.0, "mixed": 0.0, "th": 0.75}


def test_a_request_of_several_languages_is_mixed_and_its_texts_are_not(metrics: Metrics) -> None:
    metrics.answered(answered(TextSeen("en", 3, truncated=False), TextSeen("ru", 5, truncated=False)))
    assert {key: value for key, value in languages(metrics, "dragoman_requests_total").items() if value} == {"mixed": 1}
    assert {key: value for key, value in languages(metrics, "dragoman_tokens_total").items() if value} == {
        "en": 3,
        "ru": 5,
    }


def test_a_language_that_is_not_the_models_is_other(metrics: Metrics) -> None:
    for number in range(50):
        metrics.answered(answered(TextSeen(f"x{number}", 1, truncated=False)))
    assert languages(metrics, "dragoman_requests_total") == {"other": 50.0}


def test_a_model_that_is_not_watched_is_other(metrics: Metrics) -> None:
    for number in range(50):
        metrics.answered(answered(TextSeen("en", 1, truncated=False), model=f"m{number}"))
        metrics.failed(Failed(f"m{number}", "", "", Overloaded("full")))
    assert samples(metrics, "dragoman_requests_total") == {("other",) * 4: 50.0}
    assert samples(metrics, "dragoman_errors_total") == {("other", "other", "Overloaded", "other"): 50.0}


def test_past_the_cap_new_series_are_other() -> None:
    metrics = Metrics(max_series=3)
    for number in range(6):
        metrics.watch("support", str(number), ["en"])
        metrics.answered(answered(TextSeen("en", 1, truncated=False), version=str(number)))
    assert samples(metrics, "dragoman_requests_total") == {
        **{("en", "support", "text-classification", str(number)): 1.0 for number in range(3)},
        ("other",) * 4: 3.0,
    }


def test_errors_count_by_type_and_unknown_ones_together(metrics: Metrics) -> None:
    for error in (Overloaded("full"), DeadlineExceeded("late"), KeyError("secret"), ValueError("secret")):
        metrics.failed(Failed(*PLACE.values(), error))
    kinds = {labels[2]: value for labels, value in samples(metrics, "dragoman_errors_total").items()}
    assert kinds == {"Overloaded": 1, "DeadlineExceeded": 1, "other": 2}


def test_a_version_that_is_gone_takes_its_series_along(metrics: Metrics) -> None:
    metrics.watch("support", "2", ["en"])
    for version in ("1", "2"):
        metrics.answered(answered(TextSeen("en", 1, truncated=False), version=version))
        metrics.failed(Failed("support", version, "text-classification", Overloaded("full")))
    metrics.forget("support", "1")
    for name in ("requests", "texts", "errors"):
        assert {labels[-1] for labels in samples(metrics, f"dragoman_{name}_total")} == {"2"}


def test_batches_count_with_their_fill(metrics: Metrics) -> None:
    metrics.batch_ran("base", BatchRan(texts=3, tokens=64, budget=256, seconds=0.1, queue_tokens=7))
    assert samples(metrics, "dragoman_batch_fill_sum") == {("base",): 0.25}
    assert samples(metrics, "dragoman_batch_tokens_total") == {("base",): 64.0}
    assert samples(metrics, "dragoman_batch_seconds_count") == {("base",): 1.0}
    assert samples(metrics, "dragoman_queue_tokens") == {("base",): 7.0}


def test_the_names_of_engines_are_bounded(metrics: Metrics, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_module, "MAX_ENGINES", 2)
    for number in range(5):
        metrics.cached(f"engine-{number}", 1)
    assert set(samples(metrics, "dragoman_cache_bytes")) == {("engine-0",), ("engine-1",), ("other",)}


def test_an_engine_tells_hits_misses_coalescing_and_restarts(metrics: Metrics) -> None:
    session, clock = HeldSession(), FakeClock()
    engine = fake_engine(session, name="base", cache=ResultCache(10_000), observer=metrics, clock=clock)
    engine.start()
    engine.submit(pieces_of([0, 2]))
    assert session.entered.wait(10)
    joined = engine.submit(pieces_of([0, 2], [0, 4]))
    session.gate.set()
    results_of(joined)
    engine.submit(pieces_of([0, 2]))
    engine.close()
    counts = {name: samples(metrics, f"dragoman_{name}_total")[("base",)] for name in COUNTERS}
    assert counts == {"cache_hits": 1.0, "cache_misses": 2.0, "coalesced_texts": 1.0, "batch_tokens": 4.0}
    metrics.restarted("base", "wedged")
    assert samples(metrics, "dragoman_worker_restarts_total") == {("base", "wedged"): 1.0}


COUNTERS = ("cache_hits", "cache_misses", "coalesced_texts", "batch_tokens")


def test_two_applications_in_one_process_count_apart(metrics: Metrics) -> None:
    other = Metrics()
    metrics.answered(answered(TextSeen("en", 1, truncated=False)))
    assert samples(other, "dragoman_requests_total") == {}


def test_counts_of_many_threads_add_up(metrics: Metrics) -> None:
    """PROTOCOLS 6.11: counters that lose counts."""

    def count() -> None:
        for number in range(500):
            metrics.answered(answered(TextSeen(("en", "ru", "th", "xx")[number % 4], 1, truncated=False)))

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(languages(metrics, "dragoman_texts_total").values()) == {1_000.0}


def test_processes_that_share_a_folder_show_the_counts_of_all(tmp_path: Path) -> None:
    program = (
        "from dragoman.monitoring.metrics import Metrics\n"
        "from dragoman.serving.observer import Answered, TextSeen\n"
        "metrics = Metrics()\n"
        "metrics.watch('support', '1', ['en'])\n"
        "metrics.answered(Answered('support', '1', 'embedding', [TextSeen('en', 5, False)], 0.1, 0.1))\n"
        "metrics.forget('support', '1')\n"
        "print(metrics.exposition().decode())\n"
    )
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    shown = [
        subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    families = text_string_to_metric_families(shown[1].stdout)
    tokens = [one.value for family in families for one in family.samples if one.name == "dragoman_tokens_total"]
    assert tokens == [10.0]

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.models.huggingface import save_model

from dragoman.bench import serve
from dragoman.bench.load import Answered
from dragoman.bench.serve import Offline, ServePlan, measure_offline, running_server
from dragoman.cli import cli
from dragoman.errors import DragomanError
from dragoman.text.tokenizer import TOKENIZER_FILE, train_unigram

BODY = json.dumps({"usage": {"inference_ms": 4.0}}).encode()


def answers(status: int, *seconds: float, started: float = 0.0, late: float = 0.0) -> list[Answered]:
    return [Answered(status, one, started, BODY, late) for one in seconds]


def test_a_request_alone_is_told_from_what_http_adds_to_it() -> None:
    single = answers(200, 0.006, 0.005, 0.019)
    report = serve._http_report(single, answers(200, 0.5), Offline(100.0, 4.0), floor_ms=0.5)
    assert (report.single_ms, report.added_ms) == (pytest.approx(6.0), pytest.approx(2.0))


def test_http_keeps_a_share_of_the_throughput() -> None:
    many = [*answers(200, 0.5, started=1.0), *answers(200, 0.5, started=1.5), *answers(200, 1.0, started=2.0)]
    report = serve._http_report(answers(200, 0.1), many, Offline(3.0, 4.0), floor_ms=0.5)
    assert (report.texts_per_second, report.kept) == (pytest.approx(1.5), pytest.approx(0.5))


def test_goodput_is_what_is_answered_before_its_deadline() -> None:
    answered = [*answers(200, 0.1, 1.9, 2.1, 4.0), *answers(429, 0.01, 0.03), *answers(504, 2.0), *answers(0, 0.0)]
    report = serve._overload_report(answered, 1.0, [10.0, 30.0, 20.0], ServePlan(deadline_ms=2_000))
    assert report.statuses == {"0": 1, "200": 4, "429": 2, "504": 1}
    assert (report.goodput_rps, report.kept) == (pytest.approx(0.5), pytest.approx(0.5))  # 2 in 4 seconds
    assert (report.memory_start_mb, report.memory_end_mb, report.memory_peak_mb) == (10.0, 20.0, 30.0)


def test_quantiles_are_those_of_the_requests_of_a_kind() -> None:
    answered = [*answers(200, *(number / 100 for number in range(1, 102))), *answers(429, 0.001, 0.003)]
    report = serve._overload_report(answered, 1.0, [1.0], ServePlan())
    assert (report.admitted_p50_ms, report.admitted_p99_ms) == (pytest.approx(510), pytest.approx(1_000))
    assert report.refused_p99_ms == pytest.approx(2.98)


def test_what_was_offered_is_what_was_sent_not_what_was_planned() -> None:
    answered = [answers(200, 5.0, started=number / 10, late=number / 10)[0] for number in range(11)]
    report = serve._overload_report(answered, 1.0, [1.0], ServePlan())
    assert (report.offered_rps, report.late_p99_ms) == (pytest.approx(5.5), pytest.approx(990))


def test_a_server_that_answers_nothing_with_200_is_an_error() -> None:
    with pytest.raises(DragomanError, match="answered no request with 200"):
        serve._http_report([], [], Offline(1.0, 1.0), floor_ms=0.5)


def test_the_model_alone_is_never_asked_a_text_twice() -> None:
    asked: list[str] = []

    def predict(texts: Sequence[str]) -> None:
        asked.extend(texts)

    offline = measure_offline(predict, (str(number) for number in count()), seconds=0.001)
    assert len(set(asked)) == len(asked) > 2_000
    assert offline.texts_per_second > 0


def test_a_server_that_does_not_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DragomanError, match="ended before it was ready"), running_server(str(tmp_path)):
        pytest.fail("it started")


def test_a_checkpoint_is_measured_over_http_and_under_overload(tmp_path: Path) -> None:
    chance = random.Random(0)
    words = ["".join(chance.choices("abcdefghij", k=4)) for _ in range(60)]
    tokenizer = train_unigram([" ".join(chance.choices(words, k=6)) for _ in range(500)], vocabulary=300, max_tokens=38)
    save_model(tmp_path, "xlm-roberta", vocab_size=tokenizer.vocabulary)
    (tmp_path / TOKENIZER_FILE).write_text(tokenizer.to_json(), encoding="utf-8")
    options = ("--seconds", "1", "--overload-seconds", "1", "--overload", "2", "--clients", "4", "--threads", "1")
    done = CliRunner().invoke(cli, ["bench", "serve", str(tmp_path), *options, "--json"], catch_exceptions=False)
    report = json.loads(done.stdout)
    assert report["http"]["texts_per_second"] > 0
    assert 0 < report["http"]["added_ms"] < report["http"]["single_ms"]
    assert report["http"]["floor_ms"] > 0
    assert report["overload"]["statuses"]["200"] > 0
    assert report["overload"]["memory_peak_mb"] >= report["overload"]["memory_start_mb"] > 0

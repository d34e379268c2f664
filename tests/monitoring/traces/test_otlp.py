"""A running server, and a collector that hears of its requests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from tests.api.world import serving
from tests.models.folders import save_folder
from tests.monitoring.traces.collector import Collector, collecting, plain
from tests.monitoring.traces.world import PARENT, TRACE, BrokenSession

from dragoman.monitoring.traces import exporting, open_tracer
from dragoman.serving.fakes import fake_model

ASK = {"inputs": ["where is my order", "где заказ"]}
PREDICT = "/v1/models/support/predict"


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PAUSE_MILLISECONDS", 5.0)
    monkeypatch.setattr(exporting, "CLOSE_SECONDS", 0.2)
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


def spans_by_name(collector: Collector, count: int) -> dict[str, Any]:
    return {span.name: span for span in collector.wait_for(count)}


def test_a_collector_gets_the_spans_of_a_request(collector: Collector) -> None:
    tracer = open_tracer(collector.url)
    with serving(fake_model(), tracer=tracer) as url:
        answer = httpx.post(url + PREDICT, json=ASK, headers={"traceparent": PARENT})
        found = spans_by_name(collector, 4)
    tracer.close()  # type: ignore[union-attr]
    request = found.pop("POST /v1/models/{name}/predict")
    assert answer.headers["traceresponse"] == f"00-{TRACE}-{request.span_id.hex()}-01"
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == tuple(PARENT.split("-")[1:3])
    assert request.kind == Span.SPAN_KIND_SERVER
    assert list(found) == ["tokenise", "queue", "inference", "postprocess"]
    for step in found.values():
        assert (step.trace_id, step.parent_span_id) == (request.trace_id, request.span_id)
        assert request.start_time_unix_nano <= step.start_time_unix_nano <= step.end_time_unix_nano
        assert step.end_time_unix_nano <= request.end_time_unix_nano


def test_what_is_said_arrives_with_the_name_of_the_service(collector: Collector) -> None:
    tracer = open_tracer(collector.url)
    with serving(fake_model(session=BrokenSession(3)), tracer=tracer) as url:
        answer = httpx.post(url + PREDICT, json=ASK)
        found = spans_by_name(collector, 4)
    tracer.close()  # type: ignore[union-attr]
    said = plain(found["POST /v1/models/{name}/predict"].attributes)
    assert (answer.status_code, said["http.response.status_code"]) == (500, 500)
    assert (said["dragoman.model"], said["error.type"]) == ("support", "RuntimeError")
    assert found["inference"].status == Status(code=Status.STATUS_CODE_ERROR)
    assert {resource["service.name"] for resource, _ in collector.spans} == {"dragoman"}


def test_a_collector_that_is_gone_changes_nothing_for_callers(collector: Collector) -> None:
    tracer = open_tracer(collector.url)
    assert tracer is not None
    with serving(fake_model(), tracer=tracer) as url, httpx.Client() as client:
        before = client.post(url + PREDICT, json=ASK)
        collector.wait_for(5)
        collector.stop()
        after = [client.post(url + PREDICT, json=ASK) for _ in range(20)]
    tracer.close()
    assert {answer.status_code for answer in after} == {200}
    assert {scores_of(answer) for answer in after} == {scores_of(before)}
    stats = tracer.sink.stats()
    assert stats.exported == 5
    assert stats.failed + stats.dropped + stats.waiting == 100


def scores_of(answer: httpx.Response) -> str:
    return str([one["labels"] for one in answer.json()["predictions"]])


def test_a_server_is_told_by_its_settings_and_sends_what_waits_when_it_ends(
    collector: Collector, tmp_path: Path
) -> None:
    environment = os.environ | {
        "DRAGOMAN_TRACES": collector.url,
        "DRAGOMAN_LOG_FORMAT": "json",
        "OTEL_SERVICE_NAME": "texts",
    }
    folder = save_folder(tmp_path / "model")
    words = [sys.executable, "-m", "dragoman", "serve", "--model", f"support={folder}", "--port", "0", "--threads", "1"]
    with subprocess.Popen(
        words, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        url = child.stdout.readline().split(";")[0].removeprefix("Serving on ")  # type: ignore[union-attr]
        answer = httpx.post(url + PREDICT, json={"inputs": ["wo ist mein paket"]}, headers={"traceparent": PARENT})
        metrics = httpx.get(url + "/metrics").text
        child.send_signal(signal.SIGTERM)
        _, log = child.communicate(timeout=30)
    assert (child.returncode, [json.loads(line) for line in log.splitlines()]) == (0, [])
    assert answer.headers["traceresponse"].split("-")[1] == TRACE
    assert "dragoman_spans_dropped_total 0.0" in metrics
    assert {resource["service.name"] for resource, _ in collector.spans} == {"texts"}
    assert len(collector.wait_for(5)) == 5

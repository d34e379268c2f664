"""Spans in OpenTelemetry's SDK."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from dragoman.monitoring.traces import Failure, Span, SpanTracer, exporting
from dragoman.monitoring.traces.exporting import ExportSink, own_resource
from dragoman.serving.tracing import Context, Outcome, Trace

CALLER = Context("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", 1, "a=1,b=2")


class Unreachable(SpanExporter):
    """A collector that is not there, until it is."""

    def __init__(self, *, is_there: bool = False) -> None:
        self.is_there = is_there
        self.came = threading.Semaphore(0)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        is_there = self.is_there
        self.came.release()
        if not is_there:
            logging.getLogger(__name__).error("Failed to export: connection refused")
            raise ConnectionError("refused")
        return SpanExportResult.SUCCESS


class Stuck(SpanExporter):
    """A collector that takes a connection and says nothing until it is shut down."""

    def __init__(self) -> None:
        self.came, self.over = threading.Event(), threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.came.set()
        self.over.wait(10)
        return SpanExportResult.FAILURE

    def shutdown(self) -> None:
        self.over.set()


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PAUSE_MILLISECONDS", 5.0)
    monkeypatch.setattr(exporting, "CLOSE_SECONDS", 0.2)


@pytest.fixture
def trace() -> Trace:
    return SpanTracer(None).begin(CALLER)  # type: ignore[arg-type]


def spans(*names: str, failure: Failure | None = None) -> list[Span]:
    return [Span(name, 10.0 + number, 11.0 + number, {"n": number}, failure) for number, name in enumerate(names)]


def sent(exporter: InMemorySpanExporter, trace: Trace, given: list[Span]) -> Sequence[ReadableSpan]:
    sink = ExportSink(exporter)
    sink.put(trace, given)
    sink.close()
    return exporter.get_finished_spans()


def test_the_steps_are_children_of_the_request_and_the_request_of_its_caller(
    exporter: InMemorySpanExporter, trace: Trace
) -> None:
    request, *steps = sent(exporter, trace, spans("request", "queue", "inference"))
    assert f"{request.context.trace_id:032x}" == CALLER.trace
    assert f"{request.parent.span_id:016x}" == CALLER.span
    assert request.parent.is_remote
    assert [(step.parent.span_id, step.context.trace_id) for step in steps] == [
        (request.context.span_id, request.context.trace_id)
    ] * 2
    assert len({span.context.span_id for span in (request, *steps)}) == 3


def test_the_state_of_the_trace_and_its_flags_are_handed_on(exporter: InMemorySpanExporter, trace: Trace) -> None:
    for span in sent(exporter, trace, spans("request", "queue")):
        assert span.context.trace_state.to_header() == CALLER.state
        assert span.context.trace_flags.sampled


def test_times_are_those_of_the_wall_and_as_far_apart_as_they_were(
    exporter: InMemorySpanExporter, trace: Trace
) -> None:
    first, second = sent(exporter, trace, spans("request", "queue"))
    assert second.start_time - first.start_time == first.end_time - first.start_time == 1_000_000_000


def test_a_request_is_a_servers_span_and_only_faults_are_errors(exporter: InMemorySpanExporter, trace: Trace) -> None:
    wrong, broken = Failure("InvalidRequest", is_fault=False), Failure("RuntimeError", is_fault=True)
    request, step = sent(exporter, trace, [*spans("request", failure=wrong), *spans("inference", failure=broken)])
    assert (request.kind, step.kind) == (SpanKind.SERVER, SpanKind.INTERNAL)
    assert (request.status.status_code, step.status.status_code) == (StatusCode.UNSET, StatusCode.ERROR)
    assert (request.attributes["error.type"], step.attributes["error.type"]) == ("InvalidRequest", "RuntimeError")
    assert step.events == ()


def test_a_copy_is_linked_to_the_original(exporter: InMemorySpanExporter, trace: Trace) -> None:
    copy = SpanTracer(None).begin_copy(trace)  # type: ignore[arg-type]
    (span,) = sent(exporter, copy, spans("copy"))
    (link,) = span.links
    assert (link.context.trace_id, span.parent) == (int(CALLER.trace, 16), None)
    assert f"{link.context.span_id:016x}" == trace.context.span


def test_the_service_is_named_and_may_be_named_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_SERVICE_NAME", raising=False)
    assert own_resource().attributes["service.name"] == "dragoman"
    monkeypatch.setenv("OTEL_SERVICE_NAME", "texts")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
    assert own_resource().attributes["service.name"] == "texts"
    assert own_resource().attributes["deployment.environment.name"] == "test"


@pytest.fixture
def stuck() -> Iterator[tuple[Stuck, ExportSink]]:
    exporter = Stuck()
    sink = ExportSink(exporter, max_waiting=12)
    yield exporter, sink
    sink.close()


def test_what_is_beyond_the_bound_is_dropped_and_counted(stuck: tuple[Stuck, ExportSink], trace: Trace) -> None:
    exporter, sink = stuck
    for _ in range(10):
        sink.put(trace, spans("request", "queue", "inference"))
    assert exporter.came.wait(10)
    assert sink.stats() == (0, 0, 18, 12)


def test_closing_does_not_wait_for_a_collector_that_says_nothing(
    stuck: tuple[Stuck, ExportSink], trace: Trace, caplog: pytest.LogCaptureFixture
) -> None:
    exporter, sink = stuck
    sink.put(trace, spans("request", "queue"))
    assert exporter.came.wait(10)
    sink.close()
    assert "2 spans were not sent before the end." in caplog.text
    sink.put(trace, spans("request"))
    assert sink.stats().dropped == 1


def test_an_outage_is_told_when_it_begins_and_when_it_is_over(trace: Trace, caplog: pytest.LogCaptureFixture) -> None:
    exporter = Unreachable()
    sink = ExportSink(exporter)
    for is_there in (False, False, True, True):
        exporter.is_there = is_there
        sink.put(trace, spans("request"))
        assert exporter.came.acquire(timeout=10)
    sink.close()
    assert [record.message for record in caplog.records] == [
        "Spans do not reach the collector, and are lost: ConnectionError('refused')",
        "Spans reach the collector again; 2 were lost.",
    ]
    assert sink.stats() == (2, 2, 0, 0)


def test_after_the_end_the_exporters_log_is_its_own_again(trace: Trace, caplog: pytest.LogCaptureFixture) -> None:
    sink = ExportSink(Unreachable())
    logging.getLogger(__name__).error("hushed")
    sink.close()
    logging.getLogger(__name__).error("heard")
    assert caplog.messages == ["heard"]


def test_a_request_ends_in_a_sink_by_way_of_its_tracer(exporter: InMemorySpanExporter) -> None:
    tracer = SpanTracer(ExportSink(exporter))
    tracer.begin().end(Outcome("request", {"http.route": "/"}))
    tracer.close()
    assert [dict(span.attributes) for span in exporter.get_finished_spans()] == [{"http.route": "/"}]

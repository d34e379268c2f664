"""The trace of a gRPC call, from metadata to metadata."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from tests.api.test_tracing import CALLER, PARENT, TRACE, FakeTracer, SeenTrace
from tests.api.world import table_of, task_model

from dragoman.api.grpc_oip import serve_grpc
from dragoman.api.grpc_schema import SERVICE, message_classes
from dragoman.release.traffic import Traffic
from dragoman.serving.table import ModelTable
from dragoman.serving.tracing import Context

MESSAGES = message_classes()


@pytest.fixture
def table() -> Iterator[ModelTable]:
    table = table_of(task_model("embedding"))
    yield table
    table.close()


def call(
    table: ModelTable,
    *metadata: tuple[str, str],
    text: bytes = b"where",
    method: str = "ModelInfer",
    **options: Any,
) -> Any:
    """A finished call of a server over a table, whatever came of it."""
    server = serve_grpc(table, "127.0.0.1", 0, **options)
    request = MESSAGES[f"{method}Request"]()
    if method == "ModelInfer":
        request.model_name = "vectors"
        tensor = request.inputs.add(name="text", datatype="BYTES", shape=[1])
        tensor.contents.bytes_contents.append(text)
    try:
        with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            serialize, parse = MESSAGES[f"{method}Request"].SerializeToString, MESSAGES[f"{method}Response"].FromString
            asked = channel.unary_unary(f"/{SERVICE}/{method}", serialize, parse)
            done = asked.future(request, timeout=10, metadata=metadata)
            done.exception()
            return done
    finally:
        server.close()


def test_a_call_is_a_span_in_the_callers_trace(table: ModelTable) -> None:
    tracer = FakeTracer()
    done = call(table, ("traceparent", PARENT), ("tracestate", "a=1"), tracer=tracer)
    (trace,) = tracer.ends
    assert trace.parent == Context(TRACE, CALLER, 1, "a=1")
    assert trace.outcome == (
        f"{SERVICE}/ModelInfer",
        {"rpc.system.name": "grpc", "rpc.method": f"{SERVICE}/ModelInfer", "rpc.response.status_code": "OK"},
        "",
        False,
    )
    assert len(trace.attempts[0].predictions) == 1
    assert dict(done.trailing_metadata())["traceresponse"] == f"00-{TRACE}-{'e' * 16}-01"


def test_an_error_is_told_by_its_type_and_names_the_trace(table: ModelTable) -> None:
    tracer = FakeTracer()
    done = call(table, text=b" ", tracer=tracer)
    (trace,) = tracer.ends
    assert (trace.outcome.error, trace.outcome.is_fault) == ("InvalidRequest", False)
    assert trace.outcome.attributes["rpc.response.status_code"] == done.code().name == "INVALID_ARGUMENT"
    assert dict(done.trailing_metadata())["traceresponse"] == f"00-{'d' * 32}-{'e' * 16}-01"


def test_a_call_that_predicts_nothing_is_not_traced(table: ModelTable) -> None:
    tracer = FakeTracer()
    done = call(table, ("traceparent", PARENT), method="ServerLive", tracer=tracer)
    assert done.result().live
    assert tracer.ends == []


def test_without_a_tracer_the_log_knows_the_callers_trace(table: ModelTable) -> None:
    recorder = SeenTrace()
    for metadata in ([], [("traceparent", PARENT)]):
        done = call(table, *metadata, traffic=Traffic(table, recorder))
        assert "traceresponse" not in dict(done.trailing_metadata())
    first, second = recorder.seen
    assert first is None
    assert second is not None
    assert (second.context.trace, second.is_recorded) == (TRACE, False)

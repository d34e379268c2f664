"""The trace of an HTTP request, from header to header."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api.conftest import Connect
from tests.api.holders import access_of
from tests.api.world import table_of, task_model

from dragoman.release.traffic import Traffic
from dragoman.serving.fakes import fake_model
from dragoman.serving.tracing import Context, Trace, current

pytestmark = pytest.mark.anyio

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{CALLER}-01"
PREDICT = "/v1/models/support/predict"
ASK = {"inputs": ["where is my order"]}


class FakeTracer:
    """Records what its callers record, and all others."""

    def __init__(self) -> None:
        self.ends: list[Trace] = []

    def begin(self, parent: Context | None = None) -> Trace:
        context = parent._replace(span="e" * 16) if parent else Context("d" * 32, "e" * 16, 1)
        return Trace(context, tracer=self, parent=parent, is_recorded=context.is_sampled)

    def begin_copy(self, original: Trace) -> Trace:
        return self.begin()

    def ended(self, trace: Trace) -> None:
        self.ends.append(trace)


class SeenTrace:
    """A recorder that looks at the trace that is current."""

    def __init__(self) -> None:
        self.seen: list[Trace | None] = []

    async def record(self, *_: Any) -> None:
        self.seen.append(current())


@pytest.fixture
def tracer() -> FakeTracer:
    return FakeTracer()


async def test_an_answer_names_the_servers_span_in_the_callers_trace(connect: Connect, tracer: FakeTracer) -> None:
    async with connect(fake_model(), tracer=tracer) as client:
        answer = await client.post(PREDICT, json=ASK, headers={"traceparent": PARENT})
    assert answer.headers["traceresponse"] == f"00-{TRACE}-{'e' * 16}-01"
    assert [trace.parent for trace in tracer.ends] == [Context(TRACE, CALLER, 1)]


@pytest.mark.parametrize("headers", [{}, {"traceparent": f"00-{TRACE}-{CALLER}"}, {"tracestate": "a=1"}])
async def test_without_a_good_parent_a_trace_begins(
    connect: Connect, tracer: FakeTracer, headers: dict[str, str]
) -> None:
    async with connect(fake_model(), tracer=tracer) as client:
        answer = await client.post(PREDICT, json=ASK, headers=headers)
    assert answer.headers["traceresponse"] == f"00-{'d' * 32}-{'e' * 16}-01"
    assert tracer.ends[0].parent is None


async def test_what_the_caller_does_not_record_is_not_recorded_and_still_named(
    connect: Connect, tracer: FakeTracer
) -> None:
    async with connect(fake_model(), tracer=tracer) as client:
        answer = await client.post(PREDICT, json=ASK, headers={"traceparent": PARENT[:-1] + "0"})
    assert answer.headers["traceresponse"] == f"00-{TRACE}-{'e' * 16}-00"
    assert tracer.ends == []


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (PREDICT, {"inputs": [" "]}, (400, "InvalidRequest")),
        (PREDICT, {"inptus": []}, (400, "InvalidRequest")),
        ("/v1/models/nobody/predict", ASK, (404, "NotFound")),
        (PREDICT, {"inputs": ["a"] * 10_000}, (413, "BodyTooLarge")),
    ],
)
async def test_an_error_is_told_by_its_type_and_its_answer_names_the_trace(
    connect: Connect, tracer: FakeTracer, path: str, body: Any, expected: tuple[int, str]
) -> None:
    async with connect(fake_model(), tracer=tracer) as client:
        answer = await client.post(path, json=body)
    (trace,) = tracer.ends
    assert "traceresponse" in answer.headers
    assert (answer.status_code, trace.outcome.error) == expected
    assert (trace.outcome.attributes["http.response.status_code"], trace.outcome.is_fault) == (expected[0], False)


async def test_who_is_not_let_in_has_a_trace_too(connect: Connect, tracer: FakeTracer) -> None:
    async with connect(fake_model(), tracer=tracer, access=access_of()) as client:
        answer = await client.post(PREDICT, json=ASK)
    assert (answer.status_code, tracer.ends[0].outcome.error) == (401, "Unauthenticated")
    assert "traceresponse" in answer.headers


@pytest.mark.parametrize("path", ["/v1/models", "/health/live", "/health/ready", "/openapi.json", "/nowhere"])
async def test_requests_that_predict_nothing_are_not_traced(connect: Connect, tracer: FakeTracer, path: str) -> None:
    async with connect(fake_model(), tracer=tracer) as client:
        answer = await client.get(path, headers={"traceparent": PARENT})
    assert "traceresponse" not in answer.headers
    assert tracer.ends == []


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ("/v1/embeddings", {"input": "where", "model": "vectors"}, "POST /v1/embeddings"),
        ("/embed", {"inputs": "where"}, "POST /embed"),
        ("/v1/models/vectors:predict", {"instances": ["where"]}, "POST /v1/models/{name}:predict"),
    ],
)
async def test_every_dialect_is_traced(connect: Connect, tracer: FakeTracer, path: str, body: Any, name: str) -> None:
    async with connect(task_model("embedding"), tracer=tracer) as client:
        answer = await client.post(path, json=body)
    assert answer.status_code == 200
    assert [(trace.outcome.name, len(trace.attempts)) for trace in tracer.ends] == [(name, 1)]


async def test_a_path_with_a_caller_s_words_is_told_by_its_route(connect: Connect, tracer: FakeTracer) -> None:
    async with connect(fake_model(), tracer=tracer) as client:
        await client.post("/v1/models/ada@example.com/predict?q=ada", json=ASK)
    assert "ada" not in str(tracer.ends[0].outcome)


async def test_without_a_tracer_the_log_knows_the_callers_trace(connect: Connect) -> None:
    recorder, table = SeenTrace(), table_of()
    async with connect(fake_model(), traffic=Traffic(table, recorder)) as client:
        answers = [await client.post(PREDICT, json=ASK, headers=one) for one in ({}, {"traceparent": PARENT})]
    first, second = recorder.seen
    assert first is None
    assert second is not None
    assert (second.context.trace, second.is_recorded) == (TRACE, False)
    assert ["traceresponse" in answer.headers for answer in answers] == [False, False]
    table.close()


async def test_an_error_of_nobody_s_making_is_told_by_its_own_type(connect: Connect, tracer: FakeTracer) -> None:
    model = fake_model()
    model.task.prepare = broken  # type: ignore[method-assign]
    async with connect(model, tracer=tracer) as client:
        answer = await client.post(PREDICT, json=ASK)
    assert answer.json()["error"]["type"] == "InternalError"
    assert tracer.ends[0].outcome[2:] == ("ZeroDivisionError", True)


def broken(*_: Any) -> None:
    raise ZeroDivisionError

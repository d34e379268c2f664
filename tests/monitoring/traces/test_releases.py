"""Traces while a release runs: two versions, copies, and a challenger that fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.monitoring.traces.world import PARENT, TRACE, BrokenSession, Kept, KeptSink, client_of, table_of

from dragoman.api.application import create_app
from dragoman.monitoring.recorder import AnswerRecorder
from dragoman.monitoring.traces import SpanTracer
from dragoman.records import PredictionRow
from dragoman.release.ledger import Ledger
from dragoman.release.route import Route
from dragoman.release.traffic import Lane, Traffic
from dragoman.runtime.base import FakeSession, Session
from dragoman.serving.fakes import fake_backbone, fake_model
from dragoman.serving.table import ModelTable
from dragoman.spec import LogSpec
from dragoman.text.redaction import Redactor

pytestmark = pytest.mark.anyio


class RowLog:
    def __init__(self) -> None:
        self.rows: list[PredictionRow] = []

    def append(self, rows: list[PredictionRow]) -> None:
        self.rows += rows


@pytest.fixture
def table() -> Iterator[ModelTable]:
    table = table_of(fake_model(version="7"))
    yield table
    table.close()


async def asked(
    table: ModelTable, challenger: Session, *, share: float, tracer: SpanTracer | None, headers: dict[str, str]
) -> list[PredictionRow]:
    """The rows of one request while a release of version 8 runs."""
    table.add(fake_model(version="8", digest="8", backbone=fake_backbone(challenger, digest="8")))
    log = RowLog()
    recorder = AnswerRecorder(log, Redactor(b"k" * 32), lambda name: LogSpec(durability="batched"))  # type: ignore[arg-type]
    traffic = Traffic(table, recorder)
    route = Route(release="r-1", model="support", champion="7", challenger="8", share=share, mirror=1.0, step=1)
    traffic.lanes = {"support": Lane(route, Ledger(["en", "ru"]))}
    async with client_of(create_app(table, tracer=tracer, traffic=traffic)) as client:
        await client.post("/v1/models/support/predict", json={"inputs": "where is my order"}, headers=headers)
    await traffic.settle()
    return log.rows


async def told(table: ModelTable, challenger: Session, *, share: float) -> tuple[list[Kept], list[PredictionRow]]:
    sink = KeptSink()
    rows = await asked(table, challenger, share=share, tracer=SpanTracer(sink), headers={"traceparent": PARENT})
    return sink.kept, rows


async def test_a_copy_has_its_own_trace_linked_to_the_request(table: ModelTable) -> None:
    (request, copy), rows = await told(table, FakeSession(3), share=0.0)
    assert (request.request.attributes["dragoman.arm"], copy.request.attributes["dragoman.arm"]) == (
        "champion",
        "challenger",
    )
    assert copy.trace.original == request.trace.context
    assert copy.trace.context.trace != TRACE
    assert copy.names == ["tokenise", "queue", "inference", "postprocess", "log"]
    assert [(row.mirrored, row.trace) for row in rows] == [(False, TRACE), (True, copy.trace.context.trace)]


async def test_the_challengers_users_see_its_version_and_arm(table: ModelTable) -> None:
    (request, copy), _ = await told(table, FakeSession(3), share=1.0)
    said = [
        {name: one.request.attributes[f"dragoman.{name}"] for name in ("version", "arm")} for one in (request, copy)
    ]
    assert said == [{"version": "8", "arm": "challenger"}, {"version": "7", "arm": "champion"}]
    assert request.request.attributes["dragoman.release"] == "r-1"


async def test_a_challenger_that_fails_is_seen_before_the_champion_that_answers(table: ModelTable) -> None:
    (request,), _ = await told(table, BrokenSession(3), share=1.0)
    assert request.request.failure is None
    assert request.request.attributes["dragoman.version"] == "7"
    rides = [(span.attributes["dragoman.version"], span.failure) for span in request.spans if span.name == "inference"]
    assert rides == [("8", ("RuntimeError", True)), ("7", None)]


async def test_a_copy_that_fails_is_told_by_its_type(table: ModelTable) -> None:
    (_, copy), _ = await told(table, BrokenSession(3), share=0.0)
    assert copy.request.failure == ("RuntimeError", True)


async def test_without_a_tracer_the_rows_of_both_have_the_callers_trace(table: ModelTable) -> None:
    rows = await asked(table, FakeSession(3), share=0.0, tracer=None, headers={"traceparent": PARENT})
    assert [row.trace for row in rows] == [TRACE, TRACE]
    assert {row.mirrored for row in rows} == {False, True}


async def test_a_row_without_a_trace_says_so(table: ModelTable) -> None:
    rows = await asked(table, FakeSession(3), share=0.0, tracer=None, headers={})
    assert [row.trace for row in rows] == ["", ""]

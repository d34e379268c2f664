from __future__ import annotations

import io

import pytest
from tests.monitoring.traces.world import PARENT, predict

from dragoman.monitoring.traces import SpanTracer
from dragoman.monitoring.traces.console import ConsoleSink, draw
from dragoman.serving.fakes import fake_model
from dragoman.serving.tracing import Outcome


@pytest.mark.anyio
async def test_a_request_is_a_tree_with_times_and_what_it_said() -> None:
    with fake_model() as model:
        (kept,) = await predict(model, texts=["where is my order"], headers={"traceparent": PARENT})
    head, *said = draw(kept.trace, kept.spans).rstrip().splitlines()
    branches = said[-5:]
    assert head.startswith("POST /v1/models/{name}/predict")
    assert head.endswith(f"ms  trace {kept.trace.context.trace}")
    assert {"model=support", "version=1", "texts=1", "languages=en"} <= set(" ".join(said).split())
    assert [line.split()[:2] for line in branches] == [
        ["├──", "tokenise"],
        ["├──", "queue"],
        ["├──", "inference"],
        ["├──", "postprocess"],
        ["└──", "log"],
    ]
    assert branches[2].endswith("pieces=1  tokens=6  batch.texts=1  batch.tokens=6")


def test_what_is_printed_is_counted_and_a_copy_names_its_original() -> None:
    stream = io.StringIO()
    tracer = SpanTracer(ConsoleSink(stream))
    original = tracer.begin()
    tracer.begin_copy(original).end(Outcome("copy"))
    assert f"a copy of {original.context.trace}" in stream.getvalue()
    assert tracer.sink.stats().exported == 1
    tracer.close()

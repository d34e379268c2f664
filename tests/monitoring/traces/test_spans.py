"""What becomes of requests to a real application, over a fake session."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator

import pytest
from tests.monitoring.traces.world import (
    PARENT,
    BrokenSession,
    Kept,
    KeptSink,
    client_of,
    named,
    predict,
    table_of,
)

from dragoman.api.application import create_app
from dragoman.monitoring.traces import SpanTracer, spans_of
from dragoman.monitoring.traces.attributes import MAX_IDS, MAX_LANGUAGES
from dragoman.monitoring.traces.spans import MAX_BATCHES
from dragoman.records import Prediction
from dragoman.serving.cache import ResultCache
from dragoman.serving.fakes import FAKE_LABELS, HeldSession, fake_backbone, fake_model
from dragoman.serving.lookup import FakeLookup
from dragoman.serving.model import Model
from dragoman.serving.sequence import Sequence
from dragoman.serving.table_fakes import VIEW_COLUMNS, fake_table
from dragoman.serving.tracing import Attempt, Context, Outcome, Trace
from dragoman.spec import ServingSpec

pytestmark = pytest.mark.anyio

TEXTS = ["where is my order", "где заказ"]


@pytest.fixture
def model() -> Iterator[Model]:
    with fake_model(backbone=fake_backbone(cache=ResultCache(1 << 20))) as model:
        yield model


def trace_of(attempt: Attempt) -> Trace:
    trace = Trace(Context("a" * 32, "b" * 16, 1))
    trace.started, trace.ended, trace.outcome = attempt.started, attempt.ended, Outcome("request")
    trace.attempts.append(attempt)
    return trace


def attempt_of(*sequences: Sequence, answered: float = 20.0, error: BaseException | None = None) -> Attempt:
    """From second 10 to 20."""
    attempt = Attempt("support", "1", "text-classification")
    attempt.started, attempt.answered_at, attempt.ended, attempt.error = 10.0, answered, 20.0, error
    attempt.submitted(sequences, hits=0, coalesced=0)
    return attempt


def ran(arrived: float, started: float, finished: float, *, tokens: int = 3) -> Sequence:
    sequence = Sequence(tokens, arrived=arrived)
    sequence.start(started)
    sequence.batch = (4, 12)
    sequence.finish(None, finished)  # type: ignore[arg-type]
    return sequence


def prediction(*, id: str, language: str) -> Prediction:
    return Prediction(id=id, language=language, script="Latn", tokens=1, windows=1, truncated=False)


async def test_a_request_has_its_steps_in_order_and_within_it(model: Model) -> None:
    (kept,) = await predict(model, texts=TEXTS)
    assert kept.names == ["tokenise", "queue", "inference", "postprocess", "log"]
    for before, after in itertools.pairwise(kept.spans[1:]):
        assert before.started <= before.ended <= after.started
    assert kept.request.started <= kept.spans[1].started
    assert kept.spans[-1].ended <= kept.request.ended


async def test_a_request_says_who_answered_what_by_the_names_of_the_conventions(model: Model) -> None:
    (kept,) = await predict(model, texts=TEXTS)
    said = dict(kept.request.attributes)
    assert len(said.pop("dragoman.predictions")) == 2  # type: ignore[arg-type]
    assert said == {
        "http.request.method": "POST",
        "http.route": "/v1/models/{name}/predict",
        "http.response.status_code": 200,
        "url.scheme": "http",
        "network.protocol.version": "1.1",
        "dragoman.model": "support",
        "dragoman.version": "1",
        "dragoman.task": "text-classification",
        "dragoman.pieces": 2,
        "dragoman.cached_pieces": 0,
        "dragoman.coalesced_pieces": 0,
        "dragoman.tokens": 10,
        "dragoman.texts": 2,
        "dragoman.languages": ["en", "ru"],
        "dragoman.language_texts": [1, 1],
    }


async def test_a_request_keeps_its_callers_trace(model: Model) -> None:
    (kept,) = await predict(model, texts=TEXTS, headers={"traceparent": PARENT, "tracestate": "a=1"})
    assert kept.trace.parent == Context(kept.trace.context.trace, "00f067aa0ba902b7", 1, "a=1")
    assert kept.trace.context.state == "a=1"
    assert kept.trace.context.span != kept.trace.parent.span  # type: ignore[union-attr]


async def test_what_is_in_the_cache_neither_waits_nor_runs(model: Model) -> None:
    _, again = await predict(model, texts=TEXTS, times=2)
    assert again.names == ["tokenise", "postprocess", "log"]
    assert again.request.attributes["dragoman.cached_pieces"] == 2


async def test_looking_features_up_is_a_part_of_reading_the_inputs() -> None:
    lookup = FakeLookup({"orders": {"c-1": {"count_30d": 3, "last": None}}}, waits=True)
    with fake_table(columns=VIEW_COLUMNS, lookup=lookup, name="support") as model:
        (kept,) = await predict(model, texts=[{"key": "c-1"}])
    assert kept.names == ["tokenise", "look_up", "queue", "inference", "postprocess", "log"]
    reading, asking = kept["tokenise"], kept["look_up"]
    assert reading.started <= asking.started <= asking.ended <= reading.ended


async def test_a_fault_is_told_by_its_type_where_it_happened() -> None:
    with fake_model(session=BrokenSession(3)) as broken:
        (kept,) = await predict(broken, texts=TEXTS)
    assert kept.names == ["tokenise", "queue", "inference"]
    assert [span.name for span in kept.spans if span.failure] == [kept.request.name, "inference"]
    assert kept.request.failure == kept["inference"].failure == ("RuntimeError", True)
    assert kept.request.attributes["http.response.status_code"] == 500


async def test_a_wrong_request_is_no_fault_of_the_server(model: Model) -> None:
    (kept,) = await predict(model, texts=[" "])
    assert kept.names == ["tokenise"]
    assert kept.request.failure == kept["tokenise"].failure == ("InvalidRequest", False)


async def test_neither_texts_nor_subjects_nor_messages_are_in_any_span(model: Model) -> None:
    headers = {"x-dragoman-subject": "ada@example.com", "authorization": "Bearer secret", "traceparent": PARENT}
    kept = await predict(model, texts=["Kontonummer", "заказ"], headers=headers)
    with fake_model(session=BrokenSession(3), name="broken") as broken:
        kept += await predict(broken, texts=["Kontonummer", "заказ"], headers=headers)
    told = str([one.spans for one in kept])
    assert [word for word in ("Kontonummer", "заказ", "ada@", "secret") if word in told] == []


async def test_identical_texts_run_once_and_both_requests_tell_of_the_batch() -> None:
    session = HeldSession(len(FAKE_LABELS))
    with fake_model(session=session) as model:
        first, second = await together(model, session, [[TEXTS[0]], [TEXTS[0]]])
    assert [one.request.attributes["dragoman.coalesced_pieces"] for one in (first, second)] == [0, 1]
    assert first["inference"].ended == second["inference"].ended
    assert second["queue"].started == second["queue"].ended  # it joined what was running


async def test_requests_that_share_a_batch_tell_of_the_same_one() -> None:
    session = HeldSession(len(FAKE_LABELS))
    with fake_model(session=session) as model:
        _, second, third = await together(model, session, [["it"], ["where is"], ["my order"]])
    assert second["inference"][1:3] == third["inference"][1:3]
    assert [one["inference"].attributes["dragoman.batch.texts"] for one in (second, third)] == [2, 2]
    assert [one["inference"].attributes["dragoman.pieces"] for one in (second, third)] == [1, 1]


async def together(model: Model, session: HeldSession, requests: list[list[str]]) -> list[Kept]:
    """Requests that come one after the other while the first one runs."""
    sink = KeptSink()
    tracer = BegunTracer(sink)
    async with client_of(create_app(table_of(model), tracer=tracer)) as client:
        asked = []
        for texts in requests:
            asked.append(asyncio.create_task(client.post("/v1/models/support/predict", json={"inputs": texts})))
            await asyncio.to_thread(tracer.wait_for, len(asked))
            await asyncio.to_thread(session.entered.wait)
        session.gate.set()
        await asyncio.gather(*asked)
    return sorted(sink.kept, key=lambda kept: kept.trace.started)


class BegunTracer(SpanTracer):
    """Knows the requests that are on their way."""

    begun: tuple[Trace, ...] = ()

    def begin(self, parent: Context | None = None) -> Trace:
        self.begun = (*self.begun, super().begin(parent))
        return self.begun[-1]

    def wait_for(self, requests: int) -> None:
        """Return when so many have their texts in the engine."""
        while sum(1 for trace in self.begun if trace.attempts and trace.attempts[0].sequences) < requests:
            time.sleep(0.001)


async def test_a_long_request_tells_of_each_of_its_batches() -> None:
    serving = ServingSpec(max_batch_tokens=8)
    with fake_model(serving=serving) as model:
        (kept,) = await predict(model, texts=[f"where {word}" for word in ("is", "my", "order", "it")])
    rides = named(kept, "inference")
    assert len(rides) == len(named(kept, "queue")) > 1
    assert sum(span.attributes["dragoman.pieces"] for span in rides) == 4  # type: ignore[misc]


def test_the_last_span_tells_of_all_batches_beyond_the_bound() -> None:
    attempt = attempt_of(*[ran(11, 12 + number / 100, 13 + number / 100) for number in range(MAX_BATCHES + 5)])
    rides = [span for span in spans_of(trace_of(attempt)) if span.name == "inference"]
    assert [span.attributes["dragoman.pieces"] for span in rides] == [1] * (MAX_BATCHES - 1) + [6]
    assert max(span.ended for span in rides) == 13 + (MAX_BATCHES + 4) / 100
    assert "dragoman.batch.texts" not in rides[-1].attributes


def test_a_text_that_was_given_up_waits_until_the_end() -> None:
    left = Sequence(3, arrived=11)
    left.cancel()
    attempt = attempt_of(left, answered=0.0, error=asyncio.CancelledError())
    request, tokenise, queue = spans_of(trace_of(attempt))
    assert (tokenise.name, queue.name, queue.started, queue.ended) == ("tokenise", "queue", 11, 20)
    assert request.failure == queue.failure == ("CancelledError", False)


def test_a_text_that_came_too_late_fails_in_the_queue() -> None:
    late = Sequence(3, arrived=11)
    late.finish(TimeoutError(), 12)
    names = [(span.name, span.failure) for span in spans_of(trace_of(attempt_of(late, answered=0.0)))[1:]]
    assert names == [("tokenise", None), ("queue", ("TimeoutError", True))]


def test_no_span_ends_after_its_request() -> None:
    attempt = attempt_of(ran(11, 12, 13))
    trace = trace_of(attempt)
    trace.ended = 12.5
    assert [(span.name, span.ended) for span in spans_of(trace)[1:]] == [
        ("tokenise", 11),
        ("queue", 12),
        ("inference", 12.5),
    ]


@pytest.mark.parametrize("count", [1, MAX_IDS + 1, 3 * MAX_LANGUAGES])
def test_ids_and_languages_are_bounded_and_no_text_is_lost(count: int) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    attempt = attempt_of()
    attempt.predictions = [
        prediction(id=str(number), language=f"x{letters[number % 26]}{letters[number // 26]}")
        for number in range(count)
    ]
    said = spans_of(trace_of(attempt))[0].attributes
    assert len(said["dragoman.predictions"]) == min(count, MAX_IDS)  # type: ignore[arg-type]
    assert len(said["dragoman.languages"]) <= MAX_LANGUAGES + 1  # type: ignore[arg-type]
    assert sum(said["dragoman.language_texts"]) == said["dragoman.texts"] == count  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ["Ada Lovelace", "", "de " * 9, "my order", "EN", "a" * 100])
def test_what_is_no_code_of_a_language_is_not_repeated(code: str) -> None:
    attempt = attempt_of()
    attempt.predictions = [prediction(id="1", language=code)]
    assert spans_of(trace_of(attempt))[0].attributes["dragoman.languages"] == ["other"]

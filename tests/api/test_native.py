from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest

from dragoman.api.lifecycle import Lifecycle, Phase
from dragoman.api.messages import answer_type
from dragoman.models.packing import PackedBatch
from dragoman.runtime.base import FakeSession, Floats
from dragoman.serving.fakes import HeldSession, fake_model
from dragoman.serving.tasks.classification import TextClassification
from dragoman.spec import ServingSpec

pytestmark = pytest.mark.anyio
PREDICT = "/v1/models/support/predict"


async def post(connect: Any, body: Any, *, path: str = PREDICT, **options: Any) -> httpx.Response:
    """One request with a body, given as JSON data or as bytes, to a new app."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with connect(fake_model(**options.pop("model", {})), **options) as client:
        response: httpx.Response = await client.post(path, content=content)
        return response


async def test_a_request_is_answered_with_predictions_and_usage(connect: Any) -> None:
    body = {"inputs": ["где заказ", {"text": "refund", "language": "en"}], "parameters": {"top": 1}, "subject": "u-1"}
    response = await post(connect, body)
    answer = msgspec.json.decode(response.content, type=answer_type(TextClassification))
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert (answer.model, answer.version, answer.usage.tokens) == ("support", "1", 7)
    assert [(one.language, one.script, one.tokens) for one in answer.predictions] == [
        ("ru", "Cyrl", 4),
        ("en", "Latn", 3),
    ]
    assert [len(one.labels) for one in answer.predictions] == [1, 1]


async def test_an_answer_has_the_documented_fields(connect: Any) -> None:
    answer = (await post(connect, {"inputs": ["order"]})).json()
    assert list(answer) == ["model", "version", "predictions", "usage"]
    assert list(answer["usage"]) == ["tokens", "queue_ms", "inference_ms"]
    assert list(answer["predictions"][0]) == [
        *("id", "language", "script", "tokens", "windows", "truncated", "labels", "abstained")
    ]


@pytest.mark.parametrize("reference", ["support", "support@champion", "support%40champion", "support/1"])
async def test_a_model_is_reached_by_name_alias_and_version(connect: Any, reference: str) -> None:
    response = await post(connect, {"inputs": ["order"]}, path=f"/v1/models/{reference}/predict")
    assert (response.status_code, response.json()["version"]) == (200, "1")


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("suport", "There is no model 'suport'."),
        ("support/7", "Model 'support' has no version '7' here."),
        ("support@best", "Model 'support' has no alias 'best'."),
    ],
)
async def test_an_unknown_model_version_or_alias_is_404(connect: Any, reference: str, message: str) -> None:
    response = await post(connect, {"inputs": ["order"]}, path=f"/v1/models/{reference}/predict")
    assert response.status_code == 404
    assert response.json()["error"]["message"] == message
    assert response.json()["error"]["help"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The body is empty."),
        (b"inputs=order", "The body is not JSON: invalid character (byte 0)."),
        (b'{"inputs": ["order"]', "The body is not JSON: Input data was truncated."),
        (b'{"inputs": ["\xff"]}', "The body is not UTF-8: byte 13."),
        (b'{"inputs": ["a"], "parameters": {"top": NaN}}', "The body is not JSON: invalid character (byte 40)."),
        (b'{"inputs": ["ab\\ud83d"]}', "The body has half of a surrogate pair, \\ud83d, at byte 15."),
        (b'{"inputs": ["ab\\ud83dcd"]}', "The body has half of a surrogate pair, \\ud83d, at byte 15."),
        (b"[" * 100_000, "The body is wrong: Expected `object`, got `array`."),
        ([], "The body is wrong: Expected `object`, got `array`."),
        ({}, "The body has no 'inputs'."),
        ({"inputs": []}, "The request has no inputs."),
        ({"inputs": 7}, "'inputs' is wrong: Expected `str | object | array`, got `int`."),
        ({"inputs": ["order", 7]}, "'inputs[1]' is wrong: Expected `str | object`, got `int`."),
        ({"inputs": ["order", {"txt": "order"}]}, "'inputs[1]' has an unknown field 'txt'."),
        ({"inputs": ["order", {"language": "en"}]}, "'inputs[1]' has no 'text'."),
        ({"inputs": ["order", " "]}, "Text 1 is blank."),
        (
            {"inputs": [{"text": "a", "language": "xx"}]},
            "The language of input 0 is 'xx', which the model does not know.",
        ),
        ({"input": ["order"]}, "The body has an unknown field 'input'."),
        ({"inputs": ["order"], "parameters": {"topp": 1}}, "'parameters' has an unknown field 'topp'."),
        ({"inputs": ["order"], "parameters": {"top": 0}}, "'parameters.top' is wrong: Expected `int` >= 1."),
        ({"inputs": ["order"], "subject": 7}, "'subject' is wrong: Expected `str | null`, got `int`."),
    ],
)
async def test_a_wrong_body_is_400_and_says_where(connect: Any, body: Any, message: str) -> None:
    response = await post(connect, body)
    assert (response.status_code, response.json()["error"]["type"]) == (400, "InvalidRequest")
    assert response.json()["error"]["message"] == message
    assert response.json()["error"]["help"]


async def test_a_low_surrogate_alone_is_400(connect: Any) -> None:
    response = await post(connect, b'{"inputs": ["ab\\udc00"]}')
    assert response.status_code == 400
    assert "half of a surrogate pair" in response.json()["error"]["message"]


@pytest.mark.parametrize("text", ["a\x00b", "\x07", "🙂🙃", "a" + "\u0301" * 99_999, "\u202e\u200d", "😀" * 20_000])
async def test_odd_texts_are_answered(connect: Any, text: str) -> None:
    response = await post(connect, {"inputs": [text]})
    assert response.status_code == 200
    assert len(response.json()["predictions"][0]["labels"]) == 3


@pytest.mark.parametrize(
    ("body", "type", "message"),
    [
        ({"inputs": ["x" * 10_000_000]}, "TextTooLong", "Text 0 has 10000000 characters; at most 100000 are accepted."),
        (
            {"inputs": ["x"] * 1_000_000},
            "BodyTooLarge",
            "The request has 1000000 inputs; at most 2048 are accepted at once.",
        ),
        (b"x" * (16 * 1024 * 1024 + 1), "BodyTooLarge", "The body has more than 16777216 bytes."),
    ],
)
async def test_too_much_is_413(connect: Any, body: Any, type: str, message: str) -> None:
    response = await post(connect, body)
    assert response.status_code == 413
    assert (response.json()["error"]["type"], response.json()["error"]["message"]) == (type, message)


async def test_a_body_without_a_length_is_given_up_at_four_times_the_limit(connect: Any) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 400
            yield b"x" * 400

    async with connect(fake_model(), max_body_bytes=1_000) as client:
        response = await client.post(PREDICT, content=endless())
    assert (response.status_code, sent) == (413, 4_400)


async def test_a_full_queue_is_429_with_retry_after(connect: Any) -> None:
    session = HeldSession()
    model = fake_model(session=session, serving=ServingSpec(max_queue_tokens=16))
    async with connect(model) as client:
        running = asyncio.ensure_future(client.post(PREDICT, json={"inputs": ["order"]}))
        await asyncio.to_thread(session.entered.wait, 10)
        waiting = asyncio.ensure_future(client.post(PREDICT, json={"inputs": ["my order", "it", "is my"]}))
        while not model.backbone.engine.scheduler.waiting_tokens:  # noqa: ASYNC110 the queue has no event
            await asyncio.sleep(0.001)
        refused = await client.post(PREDICT, json={"inputs": ["where is", "cancel", "my refund"]})
        session.gate.set()
        answered = await asyncio.gather(running, waiting)
    assert (refused.status_code, refused.json()["error"]["type"]) == (429, "Overloaded")
    assert int(refused.headers["retry-after"]) >= 1
    assert [response.status_code for response in answered] == [200, 200]


async def test_a_slow_session_does_not_hold_up_health(connect: Any) -> None:
    session = HeldSession()
    async with connect(fake_model(session=session)) as client:
        running = asyncio.ensure_future(client.post(PREDICT, json={"inputs": ["order"]}))
        await asyncio.to_thread(session.entered.wait, 10)
        live = await asyncio.wait_for(client.get("/health/live"), timeout=1)
        session.gate.set()
        await running
    assert (live.status_code, live.json()) == (200, {"status": "live"})


async def test_the_same_text_gets_the_same_answer_in_any_company(connect: Any) -> None:
    texts = [" ".join(["order", "refund", "where"][: 1 + number % 3]) for number in range(30)]
    async with connect(fake_model()) as client:
        alone = [(await client.post(PREDICT, json={"inputs": [text]})).json()["predictions"][0] for text in texts]
        together = (await client.post(PREDICT, json={"inputs": texts[::-1]})).json()["predictions"][::-1]
    assert [one["labels"] for one in alone] == [one["labels"] for one in together]


async def test_an_error_nobody_expected_is_500_without_its_words(
    connect: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(FakeSession):
        def run(self, batch: PackedBatch) -> Floats:
            raise KeyError("/secret/path")

    response = await post(connect, {"inputs": ["order"]}, model={"session": Broken()})
    assert (response.status_code, response.json()["error"]["type"]) == (500, "InternalError")
    assert "secret" not in response.text
    assert "/secret/path" in caplog.text


@pytest.mark.parametrize(("phase", "status"), [(Phase.LOADING, 503), (Phase.READY, 200), (Phase.DRAINING, 503)])
async def test_only_a_ready_server_predicts_and_says_so(connect: Any, phase: Phase, status: int) -> None:
    async with connect(fake_model(), lifecycle=Lifecycle(phase)) as client:
        ready, live = await client.get("/health/ready"), await client.get("/health/live")
        predicted = await client.post(PREDICT, json={"inputs": ["order"]})
    assert (live.status_code, ready.status_code, predicted.status_code) == (200, status, status)
    assert ("retry-after" in predicted.headers, "retry-after" in ready.headers) == (status == 503, status == 503)


async def test_models_are_listed_and_shown(connect: Any) -> None:
    async with connect(fake_model()) as client:
        listed, shown = await client.get("/v1/models"), await client.get("/v1/models/support@champion")
    (row,) = listed.json()["models"]
    assert shown.json() == row | {key: shown.json()[key] for key in ("id", "ready", "created", "object", "owned_by")}
    assert shown.json()["labels"] == ["invoice", "refund", "other"]
    assert shown.json()["aliases"] == ["champion"]


async def test_the_root_says_where_to_look(connect: Any) -> None:
    async with connect(fake_model()) as client:
        welcome = (await client.get("/")).json()
        followed = [(await client.get(welcome[key])).status_code for key in ("models", "openapi")]
    assert followed == [200, 200]


@pytest.mark.parametrize(
    ("method", "path", "status", "type"),
    [
        ("GET", "/v1/model", 404, "NotFound"),
        ("DELETE", "/v1/models", 405, "MethodNotAllowed"),
        ("GET", PREDICT, 405, "MethodNotAllowed"),
    ],
)
async def test_the_routers_errors_have_the_same_form(
    connect: Any, method: str, path: str, status: int, type: str
) -> None:
    async with connect(fake_model()) as client:
        response = await client.request(method, path)
    assert (response.status_code, response.json()["error"]["type"]) == (status, type)
    assert set(response.json()["error"]) == {"type", "message", "help"}


async def test_one_input_needs_no_list(connect: Any) -> None:
    async with connect(fake_model()) as client:
        alone = await client.post(PREDICT, json={"inputs": "my order"})
        listed = await client.post(PREDICT, json={"inputs": ["my order"]})
        record = await client.post(PREDICT, json={"inputs": {"text": "my order"}})
    labels = [response.json()["predictions"][0]["labels"] for response in (alone, listed, record)]
    assert labels[0] == labels[1] == labels[2]


@pytest.mark.parametrize(
    ("name", "body", "fields"),
    [
        ("support", {"inputs": ["my order"]}, {"labels", "abstained"}),
        ("entities", {"inputs": ["my order"]}, {"entities"}),
        ("answers", {"inputs": [{"question": "where", "context": "my order is it"}]}, {"answer"}),
        ("vectors", {"inputs": ["my order"]}, {"embedding"}),
        ("ranker", {"inputs": [{"query": "order", "texts": ["my order", "it"]}]}, {"results"}),
        ("anything", {"inputs": ["my order"], "parameters": {"candidate_labels": ["a", "b"]}}, {"labels", "abstained"}),
        ("masks", {"inputs": ["my <mask>"], "parameters": {"top": 2}}, {"candidates"}),
    ],
)
async def test_every_task_answers_with_its_own_fields(connect: Any, name: str, body: Any, fields: set[str]) -> None:
    async with connect() as client:
        response = await client.post(f"/v1/models/{name}/predict", json=body)
    assert response.status_code == 200, response.text
    common = {"id", "language", "script", "tokens", "windows", "truncated"}
    assert set(response.json()["predictions"][0]) - common == fields


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("anything", {"inputs": ["my order"]}, "The body has no 'parameters'."),
        ("anything", {"inputs": ["a"], "parameters": {}}, "'parameters' has no 'candidate_labels'."),
        ("answers", {"inputs": ["my order"]}, "'inputs[0]' is wrong: Expected `object`, got `str`."),
        ("ranker", {"inputs": [{"query": "a", "text": ["b"]}]}, "'inputs[0]' has an unknown field 'text'."),
        ("vectors", {"inputs": ["a"], "parameters": {"pool": 1}}, "'parameters' has an unknown field 'pool'."),
        ("vectors", {"inputs": ["a"], "timeout_ms": 0}, "'timeout_ms' is wrong: Expected `int` >= 1."),
        ("vectors", {"inputs": ["a"], "priority": "now"}, "'priority' is wrong: Invalid enum value 'now'."),
    ],
)
async def test_a_wrong_body_is_told_in_the_words_of_its_task(connect: Any, name: str, body: Any, message: str) -> None:
    async with connect() as client:
        response = await client.post(f"/v1/models/{name}/predict", json=body)
    assert (response.status_code, response.json()["error"]["message"]) == (400, message)


async def test_a_wrong_choice_is_answered_with_the_right_ones(connect: Any) -> None:
    async with connect() as client:
        response = await client.post(PREDICT, json={"inputs": ["order"], "parameters": {"too_long": "cut"}})
    assert response.status_code == 400
    assert response.json()["error"]["help"] == "valid ones are refuse, truncate, windows."


async def test_a_deadline_that_passes_is_504(connect: Any) -> None:
    session = HeldSession()
    async with connect(fake_model(session=session)) as client:
        response = await client.post(PREDICT, json={"inputs": ["order"], "timeout_ms": 20})
        session.gate.set()
    assert (response.status_code, response.json()["error"]["type"]) == (504, "DeadlineExceeded")
    assert response.headers["retry-after"]


async def test_metrics_are_what_the_server_was_given(connect: Any) -> None:
    async with connect(fake_model(), metrics=lambda: b"dragoman_requests_total 1\n") as client:
        response = await client.get("/metrics")
    assert (response.status_code, response.content) == (200, b"dragoman_requests_total 1\n")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")


async def test_a_server_without_metrics_says_so(connect: Any) -> None:
    async with connect(fake_model()) as client:
        assert (await client.get("/metrics")).status_code == 404


async def test_an_engine_that_does_not_answer_is_not_ready_and_lives(
    connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dragoman.api.readiness.PROBE_SECONDS", 0.05)
    session = HeldSession()
    async with connect(fake_model(session=session)) as client:
        ready, live = await client.get("/health/ready"), await client.get("/health/live")
        session.gate.set()
    assert (ready.status_code, ready.json()["error"]["type"], live.status_code) == (503, "ModelNotReady", 200)
    assert ready.headers["retry-after"]


async def test_many_health_checks_cost_one_forward_pass(connect: Any) -> None:
    session = FakeSession()
    async with connect(fake_model(session=session)) as client:
        checks = await asyncio.gather(*[client.get("/health/ready") for _ in range(64)])
    assert {response.status_code for response in checks} == {200}
    assert len(session.batches) == 1


async def test_an_embedding_is_a_list_of_its_own_float32_numbers(connect: Any) -> None:
    async with connect() as client:
        body = {"inputs": ["my order"], "parameters": {"normalize": True}}
        numbers = (await client.post("/v1/models/vectors/predict", json=body)).json()["predictions"][0]["embedding"]
    assert numbers == np.array(numbers, dtype=np.float32).tolist()

from __future__ import annotations

import asyncio
import base64
from typing import Any

import numpy as np
import pytest
from tests.api.world import VECTOR, task_model

from dragoman.serving.fakes import HeldSession
from dragoman.spec import ServingSpec

pytestmark = pytest.mark.anyio
PATH = "/v1/embeddings"


async def post(connect: Any, body: Any, *members: Any) -> Any:
    async with connect(*members) as client:
        return await client.post(PATH, json=body)


@pytest.mark.parametrize("path", [PATH, "/embeddings", "/openai/v1/embeddings"])
async def test_embeddings_have_openais_shape(connect: Any, path: str) -> None:
    async with connect() as client:
        answer = (await client.post(path, json={"model": "vectors", "input": ["my order", "it"], "user": "u"})).json()
    assert set(answer) == {"object", "data", "model", "usage"}
    assert [(one["object"], one["index"], len(one["embedding"])) for one in answer["data"]] == [
        ("embedding", 0, VECTOR),
        ("embedding", 1, VECTOR),
    ]
    assert (answer["object"], answer["model"]) == ("list", "vectors")
    assert answer["usage"] == {"prompt_tokens": 7, "total_tokens": 7}


async def test_base64_holds_the_little_endian_float32_numbers_of_float(connect: Any) -> None:
    async with connect() as client:
        body = {"model": "vectors", "input": "my order"}
        floats = (await client.post(PATH, json=body)).json()["data"][0]["embedding"]
        text = (await client.post(PATH, json=body | {"encoding_format": "base64"})).json()["data"][0]["embedding"]
    assert np.frombuffer(base64.b64decode(text), "<f4").tolist() == floats


async def test_dimensions_cut_and_normalise_again(connect: Any) -> None:
    answer = (await post(connect, {"model": "vectors", "input": "my order", "dimensions": 3})).json()
    vector = np.array(answer["data"][0]["embedding"])
    assert vector.shape == (3,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6) or not vector.any()


async def test_as_many_texts_as_openai_takes_are_answered_at_once(connect: Any) -> None:
    response = await post(connect, {"model": "vectors", "input": ["it"] * 2_048, "encoding_format": "base64"})
    assert (response.status_code, len(response.json()["data"])) == (200, 2_048)


async def test_a_format_that_is_null_is_the_default(connect: Any) -> None:
    body = {"model": "vectors", "input": "my order", "encoding_format": None, "dimensions": None, "user": None}
    assert len((await post(connect, body)).json()["data"][0]["embedding"]) == VECTOR


@pytest.mark.parametrize(("side", "read"), [("right", "where is"), ("left", "my order")])
async def test_vllms_parameters_cut_what_the_model_cannot_read(connect: Any, side: str, read: str) -> None:
    model = task_model("embedding", max_tokens=4, serving=ServingSpec(too_long="refuse"))
    body = {"model": "vectors", "input": "where is my order", "truncation_side": side, "priority": 1}
    async with connect(model) as client:
        refused = await client.post(PATH, json=body)
        cut = [await client.post(PATH, json=body | {"truncate_prompt_tokens": most}) for most in (-1, 4)]
        short = await client.post(PATH, json={"model": "vectors", "input": read})
    assert (refused.status_code, [one.status_code for one in cut]) == (400, [200, 200])
    assert [one.json()["data"] for one in cut] == [short.json()["data"]] * 2


async def test_a_limit_below_the_models_is_refused(connect: Any) -> None:
    response = await post(connect, {"model": "vectors", "input": "it", "truncate_prompt_tokens": 3})
    assert (response.status_code, response.json()["error"]["param"]) == (400, "truncate_prompt_tokens")


async def test_token_ids_are_read_as_the_text_they_stand_for(connect: Any) -> None:
    async with connect() as client:
        answers = [
            (await client.post(PATH, json={"model": "vectors", "input": given})).json()["data"]
            for given in ("where is", [5, 6], [[5, 6]], ["where is"])
        ]
    assert answers[0] == answers[1] == answers[2] == answers[3]


@pytest.mark.parametrize(
    ("body", "status", "param", "code"),
    [
        ({"model": "nobody", "input": "a"}, 404, "model", "model_not_found"),
        ({"model": "vectors", "input": []}, 400, "input", None),
        ({"model": "vectors", "input": ["a"] * 2_049}, 400, "input", None),
        ({"model": "vectors", "input": [[5] * 2_049]}, 400, "input", None),
        ({"model": "vectors", "input": "a", "dimensions": 0}, 400, "dimensions", None),
        ({"model": "vectors", "input": "a", "encoding_format": "hex"}, 400, "encoding_format", None),
        ({"model": "vectors"}, 400, None, None),
        ({"model": "support", "input": "a"}, 400, None, None),
        ({"model": "vectors", "input": "a", "truncate": 1}, 400, None, None),
    ],
)  # fmt: skip
async def test_an_error_has_openais_envelope(
    connect: Any, body: Any, status: int, param: str | None, code: str | None
) -> None:
    response = await post(connect, body)
    error = response.json()["error"]
    assert (response.status_code, error["type"], error["param"], error["code"]) == (
        status,
        "invalid_request_error",
        param,
        code,
    )
    assert error["message"]


async def test_a_full_queue_is_a_rate_limit_with_retry_after(connect: Any) -> None:
    session = HeldSession(VECTOR)
    model = task_model("embedding", session=session, serving=ServingSpec(max_queue_tokens=16))
    async with connect(model) as client:
        running = asyncio.ensure_future(client.post(PATH, json={"model": "vectors", "input": "it"}))
        await asyncio.to_thread(session.entered.wait, 10)
        waiting = asyncio.ensure_future(client.post(PATH, json={"model": "vectors", "input": ["my order"]}))
        while not model.backbone.engine.scheduler.waiting_tokens:  # noqa: ASYNC110 the queue has no event
            await asyncio.sleep(0.001)
        refused = await client.post(
            PATH, json={"model": "vectors", "input": ["where is", "cancel it", "please refund it"]}
        )
        session.gate.set()
        answered = await asyncio.gather(running, waiting)
    error = refused.json()["error"]
    assert (refused.status_code, error["type"], error["code"]) == (429, "rate_limit_error", "rate_limit_exceeded")
    assert int(refused.headers["retry-after"]) >= 1
    assert [response.status_code for response in answered] == [200, 200]


async def test_the_list_of_models_serves_both_dialects(connect: Any) -> None:
    async with connect() as client:
        answer = (await client.get("/v1/models")).json()
    assert [row["name"] for row in answer["models"]] == [row["id"] for row in answer["data"]]
    assert answer["object"] == "list"
    assert all(set(row) == {"id", "object", "created", "owned_by"} for row in answer["data"])

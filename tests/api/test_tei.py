from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.api.world import LABELS, VECTOR, task_model

from dragoman.spec import ServingSpec

pytestmark = pytest.mark.anyio


async def post(connect: Any, path: str, body: Any, *members: Any, **options: Any) -> Any:
    async with connect(*members, **options) as client:
        return await client.post(path, json=body)


async def test_embed_answers_a_list_of_vectors_of_length_one(connect: Any) -> None:
    response = await post(connect, "/embed", {"inputs": "where is my order"})
    vectors = np.array(response.json())
    assert (response.status_code, vectors.shape) == (200, (1, VECTOR))
    assert np.linalg.norm(vectors[0]) == pytest.approx(1, abs=1e-6)


async def test_a_list_of_ids_is_one_text_and_a_list_of_lists_several(connect: Any) -> None:
    async with connect() as client:
        text = (await client.post("/embed", json={"inputs": ["where is", "order"]})).json()
        one = (await client.post("/embed", json={"inputs": [5, 6]})).json()
        mixed = (await client.post("/embed", json={"inputs": [[5, 6], "order"]})).json()
        wrapped = (await client.post("/embed", json={"inputs": [[0, 5, 6, 2]]})).json()
    assert (one, mixed, wrapped) == (text[:1], text, text[:1])


async def test_normalize_and_dimensions_are_obeyed(connect: Any) -> None:
    body = {"inputs": ["where is my order"], "normalize": False, "dimensions": 3}
    vectors = np.array((await post(connect, "/embed", body)).json())
    assert vectors.shape == (1, 3)
    assert np.linalg.norm(vectors[0]) != pytest.approx(1, abs=1e-3)


async def test_embed_all_answers_a_vector_for_every_token(connect: Any) -> None:
    vectors = (await post(connect, "/embed_all", {"inputs": ["where is", "order"]})).json()
    assert [np.array(one).shape for one in vectors] == [(4, VECTOR), (3, VECTOR)]


async def test_two_texts_in_predict_are_one_pair(connect: Any) -> None:
    async with connect() as client:
        pair = (await client.post("/predict", json={"inputs": ["where is", "my order"]})).json()
        batch = (await client.post("/predict", json={"inputs": [["where is"], ["where is", "my order"]]})).json()
        single = (await client.post("/predict", json={"inputs": "where is"})).json()
    assert {row["label"] for row in pair} == set(LABELS)
    assert batch == [single, pair]
    assert [row["score"] for row in single] == sorted((row["score"] for row in single), reverse=True)


async def test_raw_scores_are_the_models_numbers(connect: Any) -> None:
    rows = (await post(connect, "/predict", {"inputs": "where is", "raw_scores": True})).json()
    assert sum(row["score"] for row in rows) == 4  # the fake head counts tokens


async def test_rerank_with_texts_answers_a_bare_list(connect: Any) -> None:
    body = {"query": "order", "texts": ["it", "where is my order"], "return_text": True}
    response = await post(connect, "/rerank", body)
    assert [(row["index"], row["text"]) for row in response.json()] == [(1, "where is my order"), (0, "it")]
    assert all(0 < row["score"] <= 1 for row in response.json())


async def test_similarity_compares_with_the_source(connect: Any) -> None:
    body = {"inputs": {"source_sentence": "my order", "sentences": ["my order", "cancel it"]}}
    same, other = (await post(connect, "/similarity", body)).json()
    assert same == pytest.approx(1, abs=1e-6)
    assert other < same


@pytest.mark.parametrize("text", ["where is été 🙂 ที่", "order"])
async def test_tokenize_counts_in_utf8_bytes_as_tei_does(connect: Any, text: str) -> None:
    (tokens,) = (await post(connect, "/tokenize", {"inputs": text})).json()
    inner = [token for token in tokens if not token["special"]]
    assert [text.encode()[token["start"] : token["stop"]].decode() for token in inner] == text.split()
    assert [token["text"] for token in inner] == text.split()
    assert [(token["start"], token["stop"]) for token in tokens if token["special"]] == [(None, None)] * 2


async def test_decode_turns_ids_into_text(connect: Any) -> None:
    async with connect() as client:
        one = await client.post("/decode", json={"ids": [0, 5, 6, 2]})
        many = await client.post("/decode", json={"ids": [[5], [6, 2]], "skip_special_tokens": False})
    assert (one.json(), many.json()) == (["where is"], ["where", "is </s>"])


async def test_info_tells_the_kind_of_model(connect: Any) -> None:
    async with connect() as client:
        first = (await client.get("/info")).json()
        named = (await client.get("/models/vectors/info")).json()
    assert first["model_type"]["classifier"]["id2label"]["1"] == "refund"
    assert named["model_type"] == {"embedding": {"pooling": "mean"}}
    assert named["max_input_length"] == 64


@pytest.mark.parametrize("path", ["/health", "/ping"])
async def test_health_is_empty_and_200(connect: Any, path: str) -> None:
    async with connect() as client:
        response = await client.get(path)
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize(
    ("task", "path"), [("text-classification", "/predict"), ("embedding", "/embed"), ("rerank", "/rerank")]
)
@pytest.mark.parametrize("root", ["/", "/invocations"])
async def test_the_root_does_what_the_first_model_does(connect: Any, task: str, path: str, root: str) -> None:
    body = {"query": "it", "texts": ["my order"]} if task == "rerank" else {"inputs": "my order"}
    async with connect(task_model(task)) as client:
        by_root, by_path = await client.post(root, json=body), await client.post(path, json=body)
    assert (by_root.status_code, by_root.json()) == (200, by_path.json())


async def test_a_model_is_named_by_the_path(connect: Any) -> None:
    members = [task_model("embedding"), task_model("embedding", name="shorter", max_tokens=3)]
    async with connect(*members) as client:
        first = (await client.post("/embed", json={"inputs": "where is my order"})).json()
        second = (await client.post("/models/shorter/embed", json={"inputs": "where is my order"})).json()
    assert first != second


async def test_inference_tells_its_cost_in_headers(connect: Any) -> None:
    headers = (await post(connect, "/embed", {"inputs": ["where is", "order"]})).headers
    assert (headers["x-compute-tokens"], headers["x-compute-characters"]) == ("7", "13")
    assert all(headers[name].isdecimal() for name in ("x-total-time", "x-queue-time", "x-inference-time"))


@pytest.mark.parametrize(
    ("path", "body", "status", "kind"),
    [
        ("/embed", {"inputs": []}, 400, "Empty"),
        ("/embed", {"inputs": ""}, 400, "Empty"),
        ("/embed", {"inputs": ["where", 5]}, 422, "Validation"),
        ("/embed", {"inputs": [999]}, 422, "Validation"),
        ("/embed", {"inputs": "where", "normalise": True}, 422, "Validation"),
        ("/embed", {"inputs": "where", "truncation_direction": "left"}, 422, "Validation"),
        ("/embed", {"inputs": "where " * 100, "truncate": False}, 422, "Validation"),
        ("/predict", {"inputs": ["a", "b", "c"]}, 422, "Validation"),
        ("/predict", {"inputs": ["a", ["b"]]}, 422, "Validation"),
        ("/rerank", {"query": "a", "texts": []}, 400, "Empty"),
        ("/decode", {"ids": [1, [2]]}, 422, "Validation"),
        ("/embed_sparse", {"inputs": "where"}, 424, "Backend"),
        ("/models/support/embed", {"inputs": "where"}, 424, "Backend"),
        ("/models/nobody/embed", {"inputs": "where"}, 404, "Validation"),
    ],
)
async def test_an_error_has_teis_shape_and_status(connect: Any, path: str, body: Any, status: int, kind: str) -> None:
    response = await post(connect, path, body)
    assert (response.status_code, response.json()["error_type"]) == (status, kind)
    assert set(response.json()) == {"error", "error_type"}


async def test_a_model_of_another_kind_is_424(connect: Any) -> None:
    response = await post(connect, "/embed", {"inputs": "where"}, task_model("rerank"))
    assert (response.status_code, response.json()["error"]) == (
        424,
        "No model here does embedding. Help: GET /v1/models lists what there is.",
    )


async def test_a_batch_that_is_too_large_is_refused_as_a_whole(connect: Any) -> None:
    model = task_model("embedding", serving=ServingSpec(max_inputs=2))
    response = await post(connect, "/embed", {"inputs": ["a", "b", "c"]}, model)
    assert (response.status_code, response.json()["error_type"]) == (413, "Validation")

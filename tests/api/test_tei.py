from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

import numpy as np
import pytest
from tests.api.world import LABELS, VECTOR, task_model

from dragoman.models.readouts import PoolReadout
from dragoman.models.sentence_transformers import EmbeddingSettings
from dragoman.runtime.base import FakeSession
from dragoman.serving.cache import ResultCache
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


async def test_a_prompt_is_tokenised_before_the_text(connect: Any) -> None:
    model = task_model("embedding")
    model.task.settings = EmbeddingSettings(prompts={"query": "where is "})  # type: ignore[attr-defined]
    async with connect(model) as client:
        named = await client.post("/tokenize", json={"inputs": "my order", "prompt_name": "query"})
        whole = await client.post("/tokenize", json={"inputs": "where is my order"})
        unknown = await client.post("/tokenize", json={"inputs": "my order", "prompt_name": "querry"})
    assert named.json() == whole.json()
    assert (unknown.status_code, unknown.json()["error_type"]) == (422, "Validation")
    refused = await post(connect, "/tokenize", {"inputs": "it", "prompt_name": "query"})
    assert refused.json()["error"] == "Model 'support' has no prompts. Help: leave 'prompt_name' out."


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


async def test_info_tells_how_tokens_become_a_vector(connect: Any) -> None:
    model = task_model("embedding")
    model.task.readout = PoolReadout(pooling="cls", normalize=False)  # type: ignore[attr-defined]
    async with connect(model) as client:
        info = (await client.get("/info")).json()
    assert (info["model_type"], info["version"]) == ({"embedding": {"pooling": "cls"}}, version("dragoman"))


async def test_vertex_asks_several_things_at_once(connect: Any) -> None:
    async with connect() as client:
        both = await client.post("/vertex", json={"instances": [{"inputs": "it"}, {"inputs": [["my"], ["order"]]}]})
        alone = [await client.post("/predict", json=one) for one in ({"inputs": "it"}, {"inputs": [["my"], ["order"]]})]
        wrong = await client.post("/vertex", json={"instances": [{"inputs": "it"}, {"inputs": 7}]})
        empty = await client.post("/vertex", json={"instances": []})
    assert both.json() == {"predictions": [one.json() for one in alone]}
    assert [(one.status_code, one.json()["error_type"]) for one in (wrong, empty)] == [
        *[(422, "Validation"), (400, "Empty")]
    ]


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


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/embed", {"inputs": "where is my order"}),
        ("/embed_all", {"inputs": "where is my order"}),
        ("/similarity", {"inputs": {"source_sentence": "where is my order", "sentences": ["cancel it"]}}),
    ],
)
async def test_a_text_is_cut_at_the_left_where_the_request_says_so(connect: Any, path: str, body: Any) -> None:
    said = {"truncate": True, "truncation_direction": "Left"}
    asked = {"parameters": said} if path == "/similarity" else said
    given = json.dumps(body).replace("where is my order", "my order")
    async with connect(task_model("embedding", max_tokens=4)) as client:
        cut = await client.post(path, json=body | asked)
        expected = await client.post(path, json=json.loads(given))
    assert (cut.status_code, cut.json()) == (200, expected.json())


async def test_pairs_are_cut_at_the_left_too(connect: Any) -> None:
    said, session = {"truncation_direction": "left"}, FakeSession(1)
    ranker = task_model("rerank", max_tokens=8, session=session)
    async with connect(task_model("text-classification", max_tokens=8), ranker) as client:
        cut = await client.post("/predict", json={"inputs": ["where is my order", "please cancel it"]} | said)
        ends = await client.post("/predict", json={"inputs": ["my order", "cancel it"]})
        await client.post("/rerank", json={"query": "please cancel it", "texts": ["where is my order"]} | said)
    assert cut.json() == ends.json()
    assert [ranker.tokenizer.token(id) for id in session.batches[0].input_ids if id > 3] == [
        *("cancel", "it"),
        *("my", "order"),
    ]


@pytest.mark.parametrize("too_long", ["refuse", "windows"])
async def test_a_direction_is_idle_where_nothing_is_cut(connect: Any, too_long: Any) -> None:
    model = task_model("embedding", serving=ServingSpec(too_long=too_long))
    body = {"inputs": "where is my order", "truncation_direction": "left"}
    async with connect(model) as client:
        by_spec = await client.post("/embed", json=body)
        by_request = await client.post("/embed", json=body | {"truncate": False})
    assert (by_spec.status_code, by_request.status_code) == (200, 200)


async def test_the_cache_tells_texts_that_are_cut_at_either_end_apart(connect: Any) -> None:
    session, body = FakeSession(VECTOR), {"inputs": "where is my order"}
    bodies = [body, body | {"truncation_direction": "left"}]
    async with connect(task_model("embedding", max_tokens=4)) as client:
        fresh = [(await client.post("/embed", json=one)).json() for one in bodies]
    cached = task_model("embedding", max_tokens=4, session=session, cache=ResultCache(10_000))
    async with connect(cached) as client:
        found = [(await client.post("/embed", json=one)).json() for one in bodies * 2]
    assert found == fresh * 2
    assert (fresh[0] == fresh[1], len(session.batches)) == (False, 2)


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
        ("/embed", {"inputs": "where", "truncation_direction": "start"}, 422, "Validation"),
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

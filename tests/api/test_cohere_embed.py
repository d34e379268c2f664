from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from tests.api.world import VECTOR, task_model

from dragoman.models.sentence_transformers import EmbeddingSettings

pytestmark = pytest.mark.anyio
TEXTS = ["my order", "where is it"]


async def post(connect: Any, body: Any, *members: Any, path: str = "/v2/embed") -> Any:
    async with connect(*members) as client:
        return await client.post(path, json={"model": "vectors", "texts": TEXTS} | body)


async def vectors_of(connect: Any, text: str, **options: Any) -> list[list[float]]:
    async with connect(task_model("embedding", **options)) as client:
        found: list[list[float]] = (await client.post("/embed", json={"inputs": text})).json()
        return found


@pytest.mark.parametrize("version", ["1", "2"])
async def test_vectors_by_type_have_length_one(connect: Any, version: str) -> None:
    answer = (await post(connect, {"embedding_types": ["float"]}, path=f"/v{version}/embed")).json()
    assert np.linalg.norm(np.array(answer["embeddings"]["float"]), axis=1) == pytest.approx([1, 1], abs=1e-6)
    assert (answer["response_type"], answer["texts"]) == ("embeddings_by_type", TEXTS)
    assert answer["meta"]["api_version"] == {"version": version}
    assert answer["meta"]["billed_units"] == {"input_tokens": 9}


async def test_version_1_without_types_answers_a_list(connect: Any) -> None:
    listed = (await post(connect, {}, path="/v1/embed")).json()
    typed = (await post(connect, {})).json()
    assert (listed["response_type"], listed["embeddings"]) == ("embeddings_floats", typed["embeddings"]["float"])


async def test_every_type_is_the_same_vector(connect: Any) -> None:
    types = ["float", "base64", "binary", "ubinary"]
    answer = (await post(connect, {"embedding_types": types})).json()["embeddings"]
    for number, floats in enumerate(answer["float"]):
        assert np.frombuffer(base64.b64decode(answer["base64"][number]), "<f4").tolist() == pytest.approx(floats)
        bits = np.packbits(np.array(floats) > 0).tolist()
        assert answer["ubinary"][number] == bits
        assert answer["binary"][number] == [one - 128 for one in bits]
    assert len(answer["ubinary"][0]) == VECTOR // 8


async def test_dimensions_are_cut_before_the_length_becomes_one(connect: Any) -> None:
    vectors = (await post(connect, {"output_dimension": 3})).json()["embeddings"]["float"]
    assert np.array(vectors).shape == (2, 3)


@pytest.mark.parametrize(("truncate", "read"), [("END", "where is"), ("START", "my order")])
async def test_long_texts_lose_the_end_that_the_caller_names(connect: Any, truncate: str, read: str) -> None:
    body = {"texts": ["where is my order"], "truncate": truncate}
    answer = (await post(connect, body, task_model("embedding", max_tokens=4))).json()
    assert answer["embeddings"]["float"] == await vectors_of(connect, read, max_tokens=4)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"texts": []}, 400, "no texts to embed"),
        ({"texts": ["where is my order"], "truncate": "NONE"}, 413, "the model accepts 4"),
        ({"max_tokens": 3}, 400, "'max_tokens' is 3; the model reads 4"),
        ({"embedding_types": ["int8"]}, 400, "'embedding_types[0]' is wrong"),
        ({"images": ["data:"]}, 400, "unknown field 'images'"),
        ({"input_type": "image"}, 400, "valid ones are classification, clustering"),
        ({"model": "nobody"}, 404, "no model 'nobody'"),
    ],
)
async def test_an_error_has_coheres_shape(connect: Any, body: Any, status: int, words: str) -> None:
    response = await post(connect, body, task_model("embedding", max_tokens=4))
    assert (response.status_code, set(response.json())) == (status, {"message", "detail"})
    assert words in response.json()["message"]


@pytest.mark.parametrize(
    ("prompts", "kind", "read"),
    [
        ({"query": "where is "}, "search_query", "where is my order"),
        ({"passage": "cancel "}, "search_document", "cancel my order"),
        ({"search_query": "it ", "query": "where is "}, "search_query", "it my order"),
        ({"query": "where is "}, "clustering", "my order"),
        ({"query": "where is "}, None, "my order"),
    ],
)
async def test_the_kind_of_input_chooses_a_prompt_of_the_model(
    connect: Any, prompts: dict[str, str], kind: str | None, read: str
) -> None:
    model = task_model("embedding")
    model.task.settings = EmbeddingSettings(prompts=prompts)  # type: ignore[attr-defined]
    answer = (await post(connect, {"texts": ["my order"], "input_type": kind}, model)).json()
    assert answer["embeddings"]["float"] == await vectors_of(connect, read)

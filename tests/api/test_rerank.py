from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio
DOCUMENTS = ["it", "where is my order", "my order"]


async def post(connect: Any, body: Any, path: str = "/v1/rerank") -> Any:
    async with connect() as client:
        return await client.post(path, json={"query": "order", "documents": DOCUMENTS} | body)


@pytest.mark.parametrize(("path", "version"), [("/rerank", "1"), ("/v1/rerank", "1"), ("/v2/rerank", "2")])
async def test_documents_are_answered_with_what_every_family_reads(connect: Any, path: str, version: str) -> None:
    answer = (await post(connect, {"model": "ranker"}, path)).json()
    assert [one["index"] for one in answer["results"]] == [1, 2, 0]
    scores = [one["relevance_score"] for one in answer["results"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)
    assert {"id", "object", "model", "usage", "meta"} < set(answer)
    assert answer["meta"]["api_version"] == {"version": version}
    assert answer["usage"]["total_tokens"] == answer["meta"]["tokens"]["input_tokens"]


@pytest.mark.parametrize(("top_n", "count"), [(1, 1), (0, 3), (None, 3), (9, 3)])
async def test_top_n_limits_the_results_and_0_is_all(connect: Any, top_n: int | None, count: int) -> None:
    assert len((await post(connect, {"top_n": top_n})).json()["results"]) == count


async def test_documents_are_returned_on_request(connect: Any) -> None:
    documents = ["it", {"text": "my order", "url": "u"}]
    answer = (await post(connect, {"documents": documents, "return_documents": True})).json()
    assert [one["document"] for one in answer["results"]] == [{"text": "my order", "url": "u"}, {"text": "it"}]


async def test_rank_fields_choose_what_is_read(connect: Any) -> None:
    documents = [{"title": "it", "body": "my order where is"}, {"title": "my order", "body": "it"}]
    title = (await post(connect, {"documents": documents, "rank_fields": ["title"]})).json()
    body = (await post(connect, {"documents": documents, "rank_fields": ["body"]})).json()
    assert [one["index"] for one in title["results"]] == [1, 0]
    assert [one["index"] for one in body["results"]] == [0, 1]


async def test_vllms_parameters_are_obeyed(connect: Any) -> None:
    raw = (await post(connect, {"use_activation": False, "truncate_prompt_tokens": -1})).json()["results"]
    plain = (await post(connect, {"raw_scores": True, "truncate": True})).json()["results"]
    assert raw == plain
    assert raw[0]["relevance_score"] > 1
    assert (await post(connect, {"use_activation": True})).json()["results"][0]["relevance_score"] < 1
    assert (await post(connect, {"truncate_prompt_tokens": 5})).status_code == 400


async def test_each_document_is_cut_by_itself(connect: Any) -> None:
    documents = ["my " * 9, "my my my"]
    whole = (await post(connect, {"documents": documents})).json()["results"]
    cut = (await post(connect, {"documents": documents, "max_tokens_per_doc": 3})).json()["results"]
    assert whole[0]["relevance_score"] > whole[1]["relevance_score"]
    assert cut[0]["relevance_score"] == cut[1]["relevance_score"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"documents": []}, 400),
        ({"documents": [{"body": "a"}]}, 400),
        ({"documents": None}, 400),
        ({"model": "nobody"}, 404),
        ({"model": "support"}, 400),
        ({"top": 3}, 400),
        ({"top_n": -1}, 400),
    ],
)
async def test_an_error_has_coheres_shape(connect: Any, body: Any, status: int) -> None:
    response = await post(connect, body)
    assert response.status_code == status
    assert response.json()["message"]
    assert "error" not in response.json()

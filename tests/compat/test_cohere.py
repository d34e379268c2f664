"""The clients of Cohere, versions 1 and 2 of the API."""

from __future__ import annotations

from collections.abc import Iterator

import cohere
import httpx
import pytest
from cohere.core.api_error import ApiError

DOCUMENTS = ["it", "where is my order"]


@pytest.fixture
def transport() -> Iterator[httpx.Client]:
    with httpx.Client() as connected:
        yield connected


def test_version_2_ranks(server: str, transport: httpx.Client) -> None:
    client = cohere.ClientV2(api_key="none", base_url=server, httpx_client=transport)
    answer = client.rerank(model="ranker", query="order", documents=DOCUMENTS, top_n=1, max_tokens_per_doc=50)
    assert [one.index for one in answer.results] == [1]
    assert 0 < answer.results[0].relevance_score <= 1
    assert answer.meta is not None
    assert answer.meta.api_version is not None
    assert answer.meta.api_version.version == "2"


def test_version_1_ranks_and_returns_documents(server: str, transport: httpx.Client) -> None:
    client = cohere.Client(api_key="none", base_url=server, httpx_client=transport)
    documents = [{"text": text} for text in DOCUMENTS]
    answer = client.rerank(model="ranker", query="order", documents=documents, return_documents=True)
    assert [one.document.text for one in answer.results if one.document] == DOCUMENTS[::-1]


def test_version_2_embeds(server: str, transport: httpx.Client) -> None:
    client = cohere.ClientV2(api_key="none", base_url=server, httpx_client=transport)
    answer = client.embed(
        model="vectors", texts=DOCUMENTS, input_type="search_query", embedding_types=["float"], truncate="START"
    )
    assert answer.embeddings.float_ is not None
    assert [len(vector) for vector in answer.embeddings.float_] == [8, 8]


def test_version_1_embeds(server: str, transport: httpx.Client) -> None:
    client = cohere.Client(api_key="none", base_url=server, httpx_client=transport)
    answer = client.embed(model="vectors", texts=DOCUMENTS)
    assert answer.response_type == "embeddings_floats"
    assert [len(vector) for vector in answer.embeddings] == [8, 8]


def test_an_error_carries_its_message(server: str, transport: httpx.Client) -> None:
    client = cohere.ClientV2(api_key="none", base_url=server, httpx_client=transport)
    with pytest.raises(ApiError) as caught:
        client.rerank(model="nobody", query="order", documents=DOCUMENTS)
    assert caught.value.status_code == 404
    assert "There is no model 'nobody'" in caught.value.body["message"]

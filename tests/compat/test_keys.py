"""Clients of other servers, with a key where they have a place for one."""

from __future__ import annotations

from collections.abc import Iterator

import cohere
import httpx
import huggingface_hub
import numpy as np
import openai
import pytest
import tritonclient.http
from tests.api.holders import access_of, made
from tests.api.world import serving

CALLER, KEY = made("caller", "vectors", "ranker")
VIEWER, LOOKING = made("viewer", id="k000000002")
STRANGER = made(id="k999999999")[1]


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """The address of a real server that asks for keys."""
    with serving(access=access_of(CALLER, VIEWER)) as url:
        yield url


def embed(url: str, key: str, model: str = "vectors") -> int:
    with openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as client:
        return len(client.embeddings.create(model=model, input=["my order"]).data)


def test_a_key_is_the_api_key_of_openai(guarded: str) -> None:
    assert embed(guarded, KEY) == 1
    with openai.OpenAI(base_url=f"{guarded}/v1", api_key=KEY) as client:
        assert sorted(model.id for model in client.models.list()) == ["ranker", "vectors"]


def test_refusals_become_openais_own_errors(guarded: str) -> None:
    with pytest.raises(openai.AuthenticationError) as unknown:
        embed(guarded, STRANGER)
    with pytest.raises(openai.PermissionDeniedError) as looking:
        embed(guarded, LOOKING)
    with pytest.raises(openai.PermissionDeniedError):
        embed(guarded, KEY, model="support")
    assert (unknown.value.code, looking.value.code) == ("invalid_api_key", "insufficient_permissions")


def test_a_key_is_the_api_key_of_cohere(guarded: str) -> None:
    with httpx.Client() as transport:
        right, wrong = (
            cohere.ClientV2(api_key=key, base_url=guarded, httpx_client=transport) for key in (KEY, STRANGER)
        )
        assert len(right.rerank(model="ranker", query="refund", documents=["a", "b"]).results) == 2
        with pytest.raises(cohere.UnauthorizedError):
            wrong.rerank(model="ranker", query="refund", documents=["a"])


def test_a_key_is_the_token_of_huggingface(guarded: str) -> None:
    client = huggingface_hub.InferenceClient(model=f"{guarded}/models/vectors", token=KEY)
    assert np.asarray(client.feature_extraction("my order")).size > 0
    huggingface_hub.close_session()


def test_a_key_is_a_header_of_triton(guarded: str) -> None:
    client = tritonclient.http.InferenceServerClient(guarded.removeprefix("http://"))
    assert client.is_server_ready()
    assert client.get_model_metadata("vectors", headers={"Authorization": f"Bearer {KEY}"})["name"] == "vectors"
    client.close()

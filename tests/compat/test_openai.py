"""The client of OpenAI."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import openai
import pytest


@pytest.fixture
def client(server: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server}/v1", api_key="none", max_retries=0) as connected:
        yield connected


def test_embeddings_come_by_base64_unless_floats_are_asked_for(client: openai.OpenAI) -> None:
    by_default = client.embeddings.create(model="vectors", input=["my order", "it"])
    floats = client.embeddings.create(model="vectors", input=["my order", "it"], encoding_format="float")
    assert np.allclose([one.embedding for one in by_default.data], [one.embedding for one in floats.data], atol=1e-7)
    assert (by_default.usage.prompt_tokens, by_default.model, by_default.data[1].index) == (7, "vectors", 1)


def test_token_ids_and_dimensions_are_accepted(client: openai.OpenAI) -> None:
    answer = client.embeddings.create(model="vectors", input=[[5, 6], [7]], dimensions=4)
    assert [len(one.embedding) for one in answer.data] == [4, 4]


def test_models_are_listed_and_retrieved(client: openai.OpenAI) -> None:
    listed = {model.id for model in client.models.list()}
    assert {"vectors", "support"} <= listed
    assert client.models.retrieve("vectors").id == "vectors"


def test_errors_become_the_clients_own(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        client.embeddings.create(model="nobody", input="a")
    with pytest.raises(openai.BadRequestError) as wrong:
        client.embeddings.create(model="vectors", input=[])
    assert (missing.value.code, wrong.value.param) == ("model_not_found", "input")

"""The client of Hugging Face's inference API: `InferenceClient(model=URL)`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from huggingface_hub import InferenceClient, close_session
from huggingface_hub.errors import HfHubHTTPError


@pytest.fixture(autouse=True)
def closed_session() -> Iterator[None]:
    yield
    close_session()


def client(server: str, path: str) -> InferenceClient:
    return InferenceClient(model=f"{server}{path}", token="none")


def test_text_classification(server: str) -> None:
    rows = client(server, "/models/support").text_classification("where is my order", top_k=2)
    assert [row.label for row in rows] != []
    assert len(rows) == 2
    assert rows[0].score >= rows[1].score


@pytest.mark.parametrize("path", ["/embed", "/models/vectors", "/models/vectors/pipeline/feature-extraction"])
def test_feature_extraction(server: str, path: str) -> None:
    vectors = client(server, path).feature_extraction("my order", normalize=True, truncate=True)
    assert vectors.shape == (1, 8)
    assert np.linalg.norm(vectors[0]) == pytest.approx(1, abs=1e-6)


def test_feature_extraction_from_the_left(server: str) -> None:
    asked = client(server, "/models/vectors")
    text = "cancel it " * 60 + "where is my order"
    last, cut = (asked.feature_extraction(text, truncate=True, truncation_direction=one) for one in ("left", "right"))
    assert last.shape == cut.shape
    assert not np.allclose(last, cut)


@pytest.mark.parametrize("path", ["/similarity", "/models/vectors", "/models/vectors/pipeline/sentence-similarity"])
def test_sentence_similarity(server: str, path: str) -> None:
    same, other = client(server, path).sentence_similarity("my order", other_sentences=["my order", "cancel it"])
    assert (same, other < same) == (pytest.approx(1, abs=1e-6), True)


def test_zero_shot_classification(server: str) -> None:
    asked = client(server, "/models/anything")
    rows = asked.zero_shot_classification(
        "my order", ["refund", "invoice"], multi_label=True, hypothesis_template="It is {}."
    )
    assert {row.label for row in rows} == {"refund", "invoice"}


def test_token_classification(server: str) -> None:
    text = "where is my order"
    rows = client(server, "/models/entities").token_classification(text, aggregation_strategy="simple")
    assert all(text[row.start : row.end] == row.word for row in rows)
    assert rows


def test_question_answering(server: str) -> None:
    answer = client(server, "/models/answers").question_answering("where", "my order is it", max_answer_len=5)
    assert answer.answer == "my order is it"[answer.start : answer.end]


def test_fill_mask(server: str) -> None:
    rows = client(server, "/models/masks").fill_mask("where <mask> my order", top_k=3)
    assert len(rows) == 3
    assert rows[0].sequence == f"where {rows[0].token_str} my order"


def test_an_error_is_the_clients_own_with_our_words(server: str) -> None:
    with pytest.raises(HfHubHTTPError) as caught:
        client(server, "/models/nobody").text_classification("where")
    assert caught.value.response.status_code == 404

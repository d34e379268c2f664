from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.models.huggingface import transformers
from tests.serving.tasks.small_tasks import (
    FAMILIES,
    LONG_TEXT,
    MAX_TOKENS,
    SIDES,
    TEXTS,
    World,
    answers,
    hugging_face_tokenizer,
    prepare,
    read_out,
    small_world,
)

from dragoman.errors import BodyTooLarge, InvalidCheckpoint, TextTooLong
from dragoman.models.readouts import readout_of
from dragoman.serving.tasks import budget
from dragoman.serving.tasks.rerank import Rerank
from dragoman.spec import ServingSpec

QUERY = "where is my order"
TEXTS_TO_RANK = [*TEXTS, LONG_TEXT, TEXTS[0]]


def task_of(world: World, **changes: Any) -> Rerank:
    labels = world.checkpoint.labels
    arguments = {"tokenizer": world.tokenizer, "readout": readout_of(world.checkpoint), "labels": labels}
    return Rerank(**(arguments | {"serving": ServingSpec()} | changes))


def scores_of(answer: dict[str, Any]) -> dict[int, float]:
    return {one.index: one.score for one in answer["results"]}


def hugging_face_logits(world: World, query: str, texts: list[str], *, side: str = "right") -> np.ndarray:
    """As a cross-encoder of sentence-transformers computes them."""
    model = transformers.AutoModelForSequenceClassification.from_pretrained(world.folder, dtype=torch.float32).eval()
    tokenizer = hugging_face_tokenizer(world, side=side)
    rows = []
    for text in texts:
        encoded = tokenizer(query, text, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
        with torch.inference_mode():
            rows.append(model(**encoded).logits[0].numpy())
    return np.array(rows)


@pytest.mark.parametrize("query", [QUERY, LONG_TEXT])
@pytest.mark.parametrize("family", FAMILIES)
def test_scores_are_the_sigmoid_of_the_logits_of_transformers(family: str, query: str, tmp_path: Path) -> None:
    world = small_world(tmp_path, family, labels=["relevance"])
    logits = hugging_face_logits(world, query, TEXTS_TO_RANK)[:, 0]
    (found,) = answers(world, task_of(world), {"query": query, "texts": TEXTS_TO_RANK})
    assert [one.index for one in found["results"]] == np.argsort(-logits, kind="stable").tolist()
    assert scores_of(found) == pytest.approx(dict(enumerate(1 / (1 + np.exp(-logits)))), abs=1e-4)
    (raw,) = answers(world, task_of(world), {"query": query, "texts": TEXTS_TO_RANK}, raw_scores=True)
    assert scores_of(raw) == pytest.approx(dict(enumerate(logits)), abs=1e-4)


@pytest.mark.parametrize("query", [QUERY, LONG_TEXT])
def test_a_pair_that_is_cut_at_the_start_has_the_logits_of_the_left_side(world: World, query: str) -> None:
    logits = hugging_face_logits(world, query, TEXTS_TO_RANK, side="left")[:, 0]
    asked = {"raw_scores": True, "truncate_from": SIDES["left"]}
    (found,) = answers(world, task_of(world), {"query": query, "texts": TEXTS_TO_RANK}, **asked)
    assert scores_of(found) == pytest.approx(dict(enumerate(logits)), abs=1e-4)
    right = hugging_face_logits(world, query, [LONG_TEXT])[0, 0]
    assert scores_of(found)[len(TEXTS)] != pytest.approx(right, abs=1e-4)


def test_of_two_labels_the_second_is_relevance(tmp_path: Path) -> None:
    world = small_world(tmp_path, labels=["no", "yes"])
    logits = hugging_face_logits(world, QUERY, TEXTS_TO_RANK)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    (found,) = answers(world, task_of(world), {"query": QUERY, "texts": TEXTS_TO_RANK})
    assert scores_of(found) == pytest.approx(dict(enumerate(shares[:, 1])), abs=1e-4)


def test_a_model_with_more_labels_cannot_rerank(tmp_path: Path) -> None:
    with pytest.raises(InvalidCheckpoint, match="3 labels cannot rerank"):
        task_of(small_world(tmp_path), labels=["a", "b", "c"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return small_world(tmp_path_factory.mktemp("ranker"), labels=["relevance"])


def test_a_text_in_windows_has_the_score_of_its_best(world: World) -> None:
    asked = {"too_long": "windows", "stride": 3, "raw_scores": True}
    given = {"query": QUERY, "texts": ["my order", LONG_TEXT]}
    (prepared,) = prepare(task_of(world), given, **asked)
    logits = [float(read_out(world, [piece])[0][0]) for piece in prepared.pieces]
    (found,) = answers(world, task_of(world), given, **asked)
    assert prepared.windows == len(prepared.pieces) - 1 > 1
    assert not prepared.truncated
    assert scores_of(found) == pytest.approx({0: logits[0], 1: max(logits[1:])}, abs=1e-5)


def test_a_text_is_read_as_far_as_asked_and_top_texts_are_answered(world: World) -> None:
    given = {"query": QUERY, "texts": [LONG_TEXT, "my order", LONG_TEXT]}
    (prepared,) = prepare(task_of(world), given, max_tokens_per_text=2)
    query = len(world.tokenizer.tokenize_many([QUERY])[0])
    assert [len(piece.ids) for piece in prepared.pieces] == [4 + query + 2] * 2  # one for equal texts
    assert prepared.truncated
    (found,) = answers(world, task_of(world), given, max_tokens_per_text=2, top=2)
    assert len(found["results"]) == 2


def test_of_a_text_that_is_cut_at_the_start_the_last_tokens_asked_for_are_read(world: World) -> None:
    given = {"query": QUERY, "texts": ["where is my order"]}
    (prepared,) = prepare(task_of(world), given, max_tokens_per_text=2, truncate_from="start")
    query, text = (one.ids for one in world.tokenizer.tokenize_many([QUERY, *given["texts"]]))
    assert [piece.ids for piece in prepared.pieces] == [world.tokenizer.join_pair(query, text[-2:])[0]]


def test_several_queries_share_a_request(world: World) -> None:
    given = [{"query": QUERY, "texts": TEXTS[:2]}, {"query": "refund", "texts": TEXTS[1:], "language": "en"}]
    together = answers(world, task_of(world), given)
    alone = [answers(world, task_of(world), one)[0] for one in given]
    assert [scores_of(one) for one in together] == [pytest.approx(scores_of(one), abs=1e-5) for one in alone]
    assert [one.language for one in prepare(task_of(world), given)] == [None, "en"]


def test_equal_texts_have_equal_scores_and_keep_their_order(world: World) -> None:
    (found,) = answers(world, task_of(world), {"query": QUERY, "texts": ["refund", "my order", "refund", "refund"]})
    scores = scores_of(found)
    assert scores[0] == scores[2] == scores[3] != scores[1]
    assert [one.index for one in found["results"] if one.index != 1] == [0, 2, 3]


def test_a_long_text_is_refused_by_its_number(world: World) -> None:
    with pytest.raises(TextTooLong, match="Text 1 of input 0 with its query has"):
        prepare(task_of(world), {"query": QUERY, "texts": ["my", LONG_TEXT]}, too_long="refuse")


def test_more_pairs_than_could_ever_run_are_refused(world: World) -> None:
    task, given = task_of(world, serving=ServingSpec(max_queue_tokens=16)), {"query": QUERY, "texts": ["a", "b", "c"]}
    assert prepare(task, [given])
    with pytest.raises(BodyTooLarge, match=r"makes \d+ tokens or more; at most 256 are"):
        prepare(task, [given] * 100)


def test_more_windows_than_a_request_may_make_are_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MOST_PIECES", 10)
    given = {"query": QUERY, "texts": [LONG_TEXT, "my order"]}
    assert 2 < len(prepare(task_of(world), given, too_long="windows")[0].pieces) <= 10
    with pytest.raises(BodyTooLarge, match=r"makes \d+ pairs of texts or more; at most 10 are"):
        prepare(task_of(world), [given] * 2, too_long="windows")

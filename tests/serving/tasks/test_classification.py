from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models.small import LABELS
from tests.serving.tasks.small_tasks import (
    FAMILIES,
    LONG_TEXT,
    SIDES,
    TEXTS,
    World,
    answers,
    pipeline,
    prepare,
    read_out,
    small_world,
)

from dragoman.errors import DragomanError, TextTooLong
from dragoman.models.config_file import Problem
from dragoman.models.readouts import AllTokensReadout, readout_of
from dragoman.models.scores import softmax
from dragoman.records import AnswerLabel
from dragoman.serving.fakes import fake_tokenizer
from dragoman.serving.tasks.base import Prepared
from dragoman.serving.tasks.classification import ClassificationParameters, TextClassification
from dragoman.spec import ServingSpec

SERVING = ServingSpec()
PAIR = {"text": "where is my order", "pair": "This example is about refunds."}


def task_of(labels: list[str] = LABELS, *, serving: ServingSpec = SERVING, **changes: Any) -> TextClassification:
    readout = AllTokensReadout()  # stands for a head that these tests do not run
    arguments = {"tokenizer": fake_tokenizer(), "readout": readout, "labels": labels, "serving": serving}
    return TextClassification(**(arguments | changes))


def finish(
    *logits: list[float], weights: tuple[float, ...] = (1.0,), task: TextClassification | None = None, **asked: Any
) -> dict[str, Any]:
    """The answer for the logits of a text's windows."""
    prepared = Prepared([], "", None, len(logits), truncated=False, state=np.array(weights))
    outputs = [np.array(one, dtype=np.float32) for one in logits]
    return (task or task_of(["a", "b", "c"])).finish(prepared, outputs, ClassificationParameters(**asked))


def scores_of(answer: dict[str, Any]) -> dict[str, float]:
    return {one.label: one.score for one in answer["labels"]}


# Scores -------------------------------------------------------------------------------------------------------------


def test_labels_come_best_first_with_their_shares() -> None:
    labels = finish([0.0, np.log(3.0), np.log(4.0)])["labels"]
    assert [one.label for one in labels] == ["c", "b", "a"]
    assert [one.score for one in labels] == pytest.approx([0.5, 0.375, 0.125])


def test_equal_scores_keep_the_order_of_the_head() -> None:
    assert list(scores_of(finish([1.0, 2.0, 2.0]))) == ["b", "c", "a"]


def test_a_higher_temperature_makes_scores_more_equal() -> None:
    warm = task_of(["a", "b", "c"], temperature=4.0)
    assert scores_of(finish([0.0, 0.0, 8.0], task=warm))["c"] < scores_of(finish([0.0, 0.0, 8.0]))["c"]


@pytest.mark.parametrize("problem", ["single", "multi"])
def test_a_score_below_the_threshold_abstains_and_one_above_it_does_not(problem: Problem) -> None:
    task = task_of(["a", "b", "c"], problem=problem, serving=ServingSpec(abstain_below=0.6))
    assert finish([-1.0, -1.0, 0.0], task=task)["abstained"] is True
    assert finish([-1.0, -1.0, 9.0], task=task)["abstained"] is False


def test_top_keeps_the_best_labels() -> None:
    assert list(scores_of(finish([1.0, 3.0, 2.0], top=2))) == ["b", "c"]


def test_every_label_of_many_has_its_own_score_however_large_the_logits() -> None:
    scores = scores_of(finish([-60.0, 40.0, 0.0], task=task_of(["a", "b", "c"], problem="multi")))
    assert scores == {"b": 1.0, "c": 0.5, "a": 0.0}


def test_a_single_label_has_a_score_between_0_and_1_and_its_number_as_raw_score() -> None:
    task = task_of(["relevance"], problem="regression")
    assert finish([2.0], task=task)["labels"] == [AnswerLabel(label="relevance", score=0.880797)]
    assert finish([2.0], task=task, raw_scores=True)["labels"] == [AnswerLabel(label="relevance", score=2.0)]


def test_windows_are_averaged_by_the_tokens_they_own() -> None:
    answer = finish([0.0, 0.0, 90.0], [0.0, 90.0, 0.0], weights=(0.75, 0.25))
    assert scores_of(answer) == {"c": 0.75, "b": 0.25, "a": 0.0}


@given(st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=1, max_size=8), st.floats(0.05, 20.0))
@settings(max_examples=100, deadline=None)
def test_scores_are_finite_and_sum_to_one(logits: list[float], temperature: float) -> None:
    scores = softmax(np.array([logits], dtype=np.float32), temperature=temperature)
    assert np.isfinite(scores).all()
    assert scores.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("logits", [[0.0, float("nan"), 0.0], [0.0, float("inf"), 0.0], [0.0, 1.0]])
def test_logits_that_cannot_be_scores_are_an_error(logits: list[float]) -> None:
    with pytest.raises(DragomanError, match="no usable scores"):
        finish(logits)


# Pieces -------------------------------------------------------------------------------------------------------------


def test_a_long_text_is_cut_refused_or_read_in_windows() -> None:
    task, text = task_of(tokenizer=fake_tokenizer(max_tokens=6)), "where is my order please cancel it"
    (cut,) = prepare(task, text)
    assert (cut.windows, cut.truncated, [piece.ids for piece in cut.pieces]) == (1, True, [[0, 4, 5, 6, 7, 2]])
    (last,) = prepare(task, text, truncate_from="start")
    assert (last.windows, last.truncated, [piece.ids for piece in last.pieces]) == (1, True, [[0, 7, 8, 10, 11, 2]])
    (whole,) = prepare(task, text, too_long="windows", stride=1)
    assert (whole.windows, whole.truncated, whole.tokens) == (2, False, 12)
    assert [piece.ids for piece in whole.pieces] == [[0, 4, 5, 6, 7, 2], [0, 7, 8, 10, 11, 2]]
    with pytest.raises(TextTooLong, match="Text 0 has 9 tokens; the model accepts 6"):
        prepare(task, text, too_long="refuse")


@pytest.mark.parametrize("too_long", ["truncate", "windows"])
def test_the_spec_decides_where_the_request_does_not(too_long: Any) -> None:
    task = task_of(tokenizer=fake_tokenizer(max_tokens=6), serving=ServingSpec(too_long=too_long, stride=0))
    assert prepare(task, "where is my order please cancel it")[0].windows == (2 if too_long == "windows" else 1)


# Agreement with transformers ----------------------------------------------------------------------------------------


def classifier(world: World, **changes: Any) -> TextClassification:
    return TextClassification(
        tokenizer=world.tokenizer,
        readout=readout_of(world.checkpoint),
        labels=world.checkpoint.labels,
        problem=world.checkpoint.problem,
        serving=ServingSpec(),
        **changes,
    )


@pytest.mark.parametrize(
    ("problem_type", "side"), [(None, "right"), ("multi_label_classification", "right"), (None, "left")]
)
@pytest.mark.parametrize("family", FAMILIES)
def test_labels_and_scores_are_those_of_the_pipeline(
    family: str, problem_type: str | None, side: str, tmp_path: Path
) -> None:
    world, texts = small_world(tmp_path, family, problem_type=problem_type), [*TEXTS, LONG_TEXT]
    expected = pipeline(world, "text-classification", side=side)(texts, top_k=None, truncation=True)
    ours = answers(world, classifier(world), texts, truncate_from=SIDES[side])
    for found, wanted in zip(ours, expected, strict=True):
        assert [one.label for one in found["labels"]] == [one["label"] for one in wanted]
        assert [one.score for one in found["labels"]] == pytest.approx([one["score"] for one in wanted], abs=1e-4)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("family", FAMILIES)
def test_pairs_and_raw_scores_are_those_of_the_pipeline(family: str, side: str, tmp_path: Path) -> None:
    world = small_world(tmp_path, family)
    pairs = [PAIR, PAIR | {"text": LONG_TEXT}, PAIR | {"pair": LONG_TEXT}, {"text": LONG_TEXT, "pair": LONG_TEXT}]
    asked = [{"text": one["text"], "text_pair": one["pair"]} for one in pairs]
    run = pipeline(world, "text-classification", side=side)
    expected = [run(one, top_k=None, truncation=True, function_to_apply="none") for one in asked]
    ours = answers(world, classifier(world), pairs, raw_scores=True, truncate_from=SIDES[side])
    for found, wanted in zip(ours, expected, strict=True):
        assert scores_of(found) == pytest.approx({one["label"]: one["score"] for one in wanted}, abs=1e-4)


def test_a_single_label_is_scored_as_in_the_pipeline(tmp_path: Path) -> None:
    world = small_world(tmp_path, labels=["relevance"])
    expected = pipeline(world, "text-classification")(TEXTS)
    found = [one["labels"][0].score for one in answers(world, classifier(world), TEXTS)]
    assert found == pytest.approx([one["score"] for one in expected], abs=1e-4)


def test_windows_of_a_long_text_are_the_weighted_mean_of_what_each_gives_alone(tmp_path: Path) -> None:
    world = small_world(tmp_path)
    task = classifier(world)
    (prepared,) = prepare(task, LONG_TEXT, too_long="windows", stride=4)
    (found,) = answers(world, task, LONG_TEXT, too_long="windows", stride=4)
    alone = np.array([softmax(read_out(world, [piece])[0]) for piece in prepared.pieces])
    assert prepared.windows > 1
    merged = prepared.state @ alone
    assert [scores_of(found)[label] for label in LABELS] == pytest.approx(merged.tolist(), abs=1e-5)

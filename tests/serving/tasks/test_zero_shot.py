from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
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

from dragoman.errors import BodyTooLarge, InvalidCheckpoint, InvalidRequest, TextTooLong
from dragoman.models.readouts import readout_of
from dragoman.models.scores import softmax
from dragoman.records import TextInput
from dragoman.serving.tasks.zero_shot import ZeroShot, ZeroShotParameters, find_verdicts
from dragoman.spec import ServingSpec

NLI = ("contradiction", "neutral", "entailment")
CANDIDATES = ["order", "refund", "возврат"]


def task_of(world: World, **changes: Any) -> ZeroShot:
    arguments = {"tokenizer": world.tokenizer, "readout": readout_of(world.checkpoint), "serving": ServingSpec()}
    return ZeroShot(**(arguments | {"labels": world.checkpoint.labels, "detect": lambda _: "en"} | changes))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return small_world(tmp_path_factory.mktemp("nli"), labels=NLI)


@pytest.mark.parametrize("labels", [NLI, ("ENTAILMENT", "NEUTRAL", "CONTRADICTION"), ("entailment", "not_entailment")])
@pytest.mark.parametrize("family", FAMILIES)
def test_labels_and_scores_are_those_of_the_pipeline(family: str, labels: tuple[str, ...], tmp_path: Path) -> None:
    world = small_world(tmp_path, family, labels=labels)
    run = pipeline(world, "zero-shot-classification")
    for multi_label, candidates in ((False, CANDIDATES), (True, CANDIDATES), (False, CANDIDATES[:1])):
        asked = {"multi_label": multi_label, "hypothesis_template": "It is {}."}
        found = answers(world, task_of(world), [*TEXTS, LONG_TEXT], candidate_labels=candidates, **asked)
        expected = [run(text, candidates, **asked) for text in [*TEXTS, LONG_TEXT]]
        for one, wanted in zip(found, expected, strict=True):
            assert [label.label for label in one["labels"]] == wanted["labels"]
            assert [label.score for label in one["labels"]] == pytest.approx(wanted["scores"], abs=1e-4)


@pytest.mark.parametrize("side", SIDES)
def test_a_long_text_is_cut_for_each_hypothesis_as_in_the_pipeline(world: World, side: str) -> None:
    run = pipeline(world, "zero-shot-classification", side=side)
    wanted = run(LONG_TEXT, CANDIDATES, hypothesis_template="It is {}.")
    asked = {"candidate_labels": CANDIDATES, "hypothesis_template": "It is {}.", "truncate_from": SIDES[side]}
    (found,) = answers(world, task_of(world), LONG_TEXT, **asked)
    assert [label.label for label in found["labels"]] == wanted["labels"]
    assert [label.score for label in found["labels"]] == pytest.approx(wanted["scores"], abs=1e-4)
    assert prepare(task_of(world), LONG_TEXT, **asked)[0].truncated


def test_windows_of_the_text_stand_beside_every_label_and_are_averaged(world: World) -> None:
    asked = {"candidate_labels": CANDIDATES, "too_long": "windows", "stride": 2, "hypothesis_template": "{}"}
    (prepared,) = prepare(task_of(world), LONG_TEXT, **asked)
    assert prepared.windows > 1
    assert len(prepared.pieces) == prepared.windows * len(CANDIDATES)
    logits = np.array([read_out(world, [piece])[0][2] for piece in prepared.pieces]).reshape(-1, len(CANDIDATES))
    expected = prepared.state @ softmax(logits)
    (found,) = answers(world, task_of(world), LONG_TEXT, **asked)
    assert {one.label: one.score for one in found["labels"]} == pytest.approx(
        dict(zip(CANDIDATES, expected, strict=True)), abs=1e-5
    )


@pytest.mark.parametrize(
    ("given", "template"),
    [
        ("my order", "en {}"),
        ({"text": "my order", "language": "de"}, "de {}"),
        ({"text": "my order", "language": "de-AT"}, "de {}"),
        ({"text": "my order", "language": "fr"}, "any {}"),
    ],
)
def test_the_template_is_that_of_the_text_s_language(world: World, given: Any, template: str) -> None:
    templates = {"en": "en {}", "de": "de {}"}
    asked = {"candidate_labels": ["x"], "hypothesis_template": "any {}", "hypothesis_templates": templates}
    (prepared,) = prepare(task_of(world), given, **asked)
    first, second = world.tokenizer.tokenize_many(["my order", template.replace("{}", "x")])
    assert prepared.pieces[0].ids == world.tokenizer.join_pair(first.ids, second.ids)[0]


def test_the_language_is_detected_only_for_templates_by_language(world: World) -> None:
    seen: list[str] = []

    def detect(text: str) -> str:
        seen.append(text)
        return "en"

    task = task_of(world, detect=detect)
    assert prepare(task, "my order", candidate_labels=["x"])[0].language is None
    assert not seen
    assert prepare(task, "my order", candidate_labels=["x"], hypothesis_templates={"de": "{}"})[0].language == "en"
    assert seen == ["my order"]


def test_a_label_is_put_into_the_template_as_it_is(world: World) -> None:
    (prepared,) = prepare(task_of(world), "my", candidate_labels=["{0.real}"], hypothesis_template="{} {0}")
    first, second = world.tokenizer.tokenize_many(["my", "{0.real} {0}"])
    assert prepared.pieces[0].ids == world.tokenizer.join_pair(first.ids, second.ids)[0]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "parameter 'candidate_labels' is missing"),
        ({"candidate_labels": []}, "parameter 'candidate_labels' is wrong"),
        ({"candidate_labels": "order"}, "parameter 'candidate_labels' is wrong"),
        ({"candidate_labels": ["order", " "]}, "candidate label ' ' is blank"),
        ({"candidate_labels": ["a", "b", "a"]}, "candidate label 'a' is given twice"),
        ({"candidate_labels": ["a"], "hypothesis_template": "This is."}, r"'This is\.' has no {}"),
        ({"candidate_labels": ["a"], "hypothesis_templates": {"de": "x"}}, r"template 'x' has no {}"),
        ({"candidate_labels": ["a\udc00"]}, "'candidate_labels' has half of a surrogate pair"),
    ],
)
def test_labels_and_templates_that_make_no_hypothesis_are_refused(
    world: World, asked: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        prepare(task_of(world), "my order", **asked)
    assert caught.value.help


def test_a_hypothesis_that_leaves_no_room_is_refused(world: World) -> None:
    with pytest.raises(TextTooLong, match=r"hypothesis of the label 'где .* has \d+ tokens; at most 22 are read"):
        prepare(task_of(world), "my order", candidate_labels=["order", "где мой заказ " * 9])


def test_more_texts_beside_labels_than_could_ever_run_are_refused(world: World) -> None:
    task = task_of(world, serving=ServingSpec(max_queue_tokens=16))
    with pytest.raises(BodyTooLarge, match=r"makes \d+ tokens or more; at most 256 are"):
        prepare(task, TEXTS[:3], candidate_labels=[f"{number}" for number in range(40)])


def test_more_pairs_than_a_request_may_make_are_refused_before_anything_is_tokenised(world: World) -> None:
    labels = [f"{number}" for number in range(1_000)]
    with pytest.raises(BodyTooLarge, match="makes 263000 pairs of texts or more; at most 262144 are"):
        task_of(world, tokenizer=None).prepare(
            [TextInput(text="my order")] * 263, ZeroShotParameters(candidate_labels=labels)
        )


@pytest.mark.parametrize(
    ("labels", "verdicts"),
    [
        (NLI, (2, 0)),
        (("Neutral", "Entailment", "Contradiction"), (1, 2)),
        (("entail", "other"), (0, 1)),
        (("other", "entail"), (1, 0)),
    ],
)
def test_verdicts_are_found_by_their_names(labels: tuple[str, ...], verdicts: tuple[int, int]) -> None:
    assert find_verdicts(labels) == verdicts


@pytest.mark.parametrize("labels", [("refund", "other"), ("entailment",), ()])
def test_a_model_without_entailment_is_refused(labels: tuple[str, ...]) -> None:
    with pytest.raises(InvalidCheckpoint, match="none is entailment"):
        find_verdicts(labels)

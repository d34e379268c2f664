"""From a folder of `transformers` through Dragoman's own encoder and heads to the answers of its pipelines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.models.huggingface import transformers
from tests.serving.tasks import pipelines
from tests.serving.tasks.pipelines import run_quietly
from tests.serving.tasks.small_tasks import (
    FAMILIES,
    LONG_TEXT,
    SIDES,
    World,
    answers,
    pipeline,
    prepare,
    read_out,
    small_world,
)

from dragoman.models.readouts import readout_of
from dragoman.serving.tasks.fill_mask import FillMask
from dragoman.serving.tasks.question_answering import QuestionAnswering
from dragoman.serving.tasks.token_classification import TokenClassification
from dragoman.spec import ServingSpec

LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
NAMES = {"TokenClassification": LABELS, "QuestionAnswering": ["start", "end"], "MaskedLM": []}
QUESTION = {"question": "where is it", "context": "where is my order, I want to know it now"}


def world_of(folder: Path, family: str, kind: str) -> World:
    return small_world(folder, family, kind=kind, labels=NAMES[kind])


@pytest.mark.parametrize(("text", "side"), [("where is my order", "right"), (LONG_TEXT, "right"), (LONG_TEXT, "left")])
@pytest.mark.parametrize("family", FAMILIES)
def test_tokens_have_the_labels_and_scores_of_the_pipeline(tmp_path: Path, family: str, text: str, side: str) -> None:
    world = world_of(tmp_path, family, "TokenClassification")
    task = TokenClassification(
        tokenizer=world.tokenizer, readout=readout_of(world.checkpoint), labels=LABELS, serving=ServingSpec()
    )
    theirs = run_quietly(pipeline(world, "token-classification", side=side), text)
    found = answers(world, task, text, aggregation="none", truncate_from=SIDES[side])[0]["entities"]
    held = [one for one in theirs if one["word"] != "▁"]
    assert [(one.label, one.end) for one in found] == [(one["entity"], one["end"]) for one in held]
    assert [one.score for one in found] == pytest.approx([one["score"] for one in held], abs=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_masks_have_the_candidates_of_the_pipeline(tmp_path: Path, family: str) -> None:
    world = world_of(tmp_path, family, "MaskedLM")
    mask = world.tokenizer.mask_token
    readout = readout_of(world.checkpoint, mask_token=mask)
    task = FillMask(tokenizer=world.tokenizer, readout=readout, serving=ServingSpec())
    text = f"where is {world.tokenizer.token(mask)} order"
    model = transformers.AutoModelForMaskedLM.from_pretrained(tmp_path).eval()
    theirs = run_quietly(pipelines.pipeline("fill-mask", model, family, world.tokenizer), text)
    found = answers(world, task, text)[0]["candidates"]
    assert [one.token for one in found] == [one["token"] for one in theirs]
    assert [one.score for one in found] == pytest.approx([one["score"] for one in theirs], abs=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_starts_and_ends_have_the_logits_of_transformers(tmp_path: Path, family: str) -> None:
    world = world_of(tmp_path, family, "QuestionAnswering")
    task = QuestionAnswering(tokenizer=world.tokenizer, readout=readout_of(world.checkpoint), serving=ServingSpec())
    piece = prepare(task, QUESTION)[0].pieces[0]
    model = transformers.AutoModelForQuestionAnswering.from_pretrained(tmp_path).eval()
    with torch.inference_mode():
        types = torch.tensor([piece.types or [0] * len(piece.ids)])
        theirs = model(torch.tensor([piece.ids]), token_type_ids=types)
    expected = np.stack([theirs.start_logits[0], theirs.end_logits[0]], axis=1)
    np.testing.assert_allclose(read_out(world, [piece])[0], expected, atol=1e-4)
    assert answers(world, task, QUESTION, allow_no_answer=False)[0]["answer"].text in QUESTION["context"]

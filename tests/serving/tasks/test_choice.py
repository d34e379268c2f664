from __future__ import annotations

from pathlib import Path

import pytest
from tests.models.folders import folder_tokenizer, save_folder
from tests.models.huggingface import save_model

from dragoman.errors import InvalidCheckpoint, InvalidInput
from dragoman.models.checkpoint import open_checkpoint
from dragoman.serving.tasks.choice import HEADS, MAKERS, TaskParts, checked_task, default_task, task_of
from dragoman.spec import ServingSpec
from dragoman.text.langid import LangidDetector

NLI = {"id2label": {0: "entailment", 1: "neutral", 2: "contradiction"}}
NLI["label2id"] = {label: number for number, label in NLI["id2label"].items()}
ONE = {"id2label": {0: "relevant"}, "label2id": {"relevant": 0}}
SPAN = {"id2label": {0: "start", 1: "end"}, "label2id": {"start": 0, "end": 1}}


@pytest.mark.parametrize(
    ("kind", "changes", "task"),
    [
        ("", {}, "embedding"),
        ("SequenceClassification", {}, "text-classification"),
        ("SequenceClassification", ONE, "rerank"),
        ("TokenClassification", {}, "token-classification"),
        ("QuestionAnswering", SPAN, "question-answering"),
        ("MaskedLM", {}, "fill-mask"),
    ],
)
def test_a_head_has_a_task(tmp_path: Path, kind: str, changes: dict, task: str) -> None:
    assert default_task(open_checkpoint(save_model(tmp_path, "xlm-roberta", kind=kind, **changes))) == task


@pytest.mark.parametrize(
    ("task", "kind", "changes"),
    [
        ("text-classification", "SequenceClassification", {}),
        ("rerank", "SequenceClassification", ONE),
        ("zero-shot-classification", "SequenceClassification", NLI),
        ("embedding", "SequenceClassification", {}),
        ("embedding", "", {}),
        ("token-classification", "TokenClassification", {}),
        ("question-answering", "QuestionAnswering", SPAN),
        ("fill-mask", "MaskedLM", {}),
    ],
)
def test_a_task_is_made_for_the_head_that_it_needs(tmp_path: Path, task: str, kind: str, changes: dict) -> None:
    checkpoint = open_checkpoint(save_folder(tmp_path, kind=kind, **changes))
    made = task_of(task, TaskParts(checkpoint, folder_tokenizer(), ServingSpec(), LangidDetector(())))
    assert made.name == task


@pytest.mark.parametrize("task", [task for task in HEADS if task != "embedding"])
def test_a_body_without_a_head_is_for_embeddings_only(tmp_path: Path, task: str) -> None:
    checkpoint = open_checkpoint(save_model(tmp_path, "xlm-roberta", kind=""))
    with pytest.raises(InvalidCheckpoint, match=f"'{task}' needs .* the checkpoint has no head") as caught:
        checked_task(task, checkpoint)
    assert caught.value.help == "Load it for the task 'embedding'."


def test_a_mistyped_task_gets_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no task 'reranking'") as caught:
        checked_task("reranking", open_checkpoint(save_model(tmp_path, "xlm-roberta")))
    assert "rerank" in caught.value.help


def test_every_task_has_a_maker() -> None:
    assert MAKERS.keys() == HEADS.keys()

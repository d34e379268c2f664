"""Which task a model does, and the task made from the parts of a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypedDict

from dragoman.errors import InvalidCheckpoint, InvalidInput
from dragoman.models.checkpoint import Checkpoint
from dragoman.models.names import Head
from dragoman.models.readouts import Readout, embedding_readout_of, readout_of
from dragoman.serving.suggestion import suggest
from dragoman.serving.tasks.base import RowEncoder, Task
from dragoman.serving.tasks.classification import TextClassification
from dragoman.serving.tasks.embedding import Embedding
from dragoman.serving.tasks.fill_mask import FillMask
from dragoman.serving.tasks.question_answering import QuestionAnswering
from dragoman.serving.tasks.rerank import Rerank
from dragoman.serving.tasks.token_classification import TokenClassification
from dragoman.serving.tasks.zero_shot import ZeroShot
from dragoman.spec import ServingSpec
from dragoman.text.language import Detector
from dragoman.text.tokenizer import Tokenizer

__all__ = ["HEADS", "TaskParts", "checked_task", "default_task", "task_of"]

HEADS: dict[str, Head | None] = {  # task → the head that it reads; None: any, it reads the body
    "text-classification": "classification",
    "token-classification": "tokens",
    "question-answering": "span",
    "embedding": None,
    "rerank": "classification",
    "zero-shot-classification": "classification",
    "fill-mask": "mask",
}
HEAD_NAMES: dict[Head, str] = {
    "classification": "a classification head",
    "tokens": "a token classification head",
    "span": "a question answering head",
    "mask": "a masked language model head",
    "none": "no head",
}


class TaskParts(NamedTuple):
    """What a task is made of."""

    checkpoint: Checkpoint
    tokenizer: Tokenizer
    serving: ServingSpec
    detector: Detector
    temperature: float = 1.0
    encoder: RowEncoder | None = None  # of a model that reads features beside the text


def default_task(checkpoint: Checkpoint) -> str:
    """What a checkpoint's head is for; a cross-encoder, whose head has one label, is for reranking."""
    if checkpoint.head == "classification":
        return "rerank" if len(checkpoint.labels) == 1 else "text-classification"
    return next((task for task, head in HEADS.items() if head == checkpoint.head), "embedding")


def checked_task(name: str | None, checkpoint: Checkpoint) -> str:
    """The task that a checkpoint is wanted for; None: what its head is for.

    Raises `InvalidInput` for a name that is none, `InvalidCheckpoint` where the head is another.
    """
    name = name or default_task(checkpoint)
    if name not in HEADS:
        raise InvalidInput(f"There is no task '{name}'.", help=suggest(name, HEADS))
    wanted, found = HEADS[name], checkpoint.head
    if wanted not in (None, found):
        raise InvalidCheckpoint(
            f"The task '{name}' needs {HEAD_NAMES[wanted or 'none']}; the checkpoint has {HEAD_NAMES[found]}.",
            help=f"Load it for the task '{default_task(checkpoint)}'.",
        )
    return name


def task_of(name: str, parts: TaskParts) -> Task:
    """The task of a model. Raises like `checked_task`, and what the task says of a checkpoint that it cannot use."""
    return MAKERS[checked_task(name, parts.checkpoint)](parts)


class HeadParts(TypedDict):
    """What every task that reads a classifier's head takes."""

    tokenizer: Tokenizer
    readout: Readout
    labels: Sequence[str]
    serving: ServingSpec


def _head(parts: TaskParts) -> HeadParts:
    checkpoint = parts.checkpoint
    return {
        "tokenizer": parts.tokenizer,
        "readout": readout_of(checkpoint),
        "labels": checkpoint.labels,
        "serving": parts.serving,
    }


def _classification(parts: TaskParts) -> Task:
    return TextClassification(
        **_head(parts), problem=parts.checkpoint.problem, temperature=parts.temperature, encoder=parts.encoder
    )


def _token_classification(parts: TaskParts) -> Task:
    return TokenClassification(**_head(parts))


def _rerank(parts: TaskParts) -> Task:
    return Rerank(**_head(parts))


def _zero_shot(parts: TaskParts) -> Task:
    return ZeroShot(**_head(parts), detect=lambda text: parts.detector.detect(text)[0])


def _embedding(parts: TaskParts) -> Task:
    return Embedding(
        tokenizer=parts.tokenizer,
        readout=embedding_readout_of(parts.checkpoint),
        hidden=parts.checkpoint.config.hidden,
        serving=parts.serving,
        settings=parts.checkpoint.embedding,
    )


def _question_answering(parts: TaskParts) -> Task:
    return QuestionAnswering(tokenizer=parts.tokenizer, readout=readout_of(parts.checkpoint), serving=parts.serving)


def _fill_mask(parts: TaskParts) -> Task:
    readout = readout_of(parts.checkpoint, mask_token=parts.tokenizer.mask_token)
    return FillMask(tokenizer=parts.tokenizer, readout=readout, serving=parts.serving)


MAKERS: dict[str, Callable[[TaskParts], Task]] = {
    "text-classification": _classification,
    "token-classification": _token_classification,
    "question-answering": _question_answering,
    "embedding": _embedding,
    "rerank": _rerank,
    "zero-shot-classification": _zero_shot,
    "fill-mask": _fill_mask,
}

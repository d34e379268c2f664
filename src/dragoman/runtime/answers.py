"""What a form of a model answers to texts, in terms that do not depend on how its tokenizer cuts them.

A trimmed tokenizer may cut a text into other tokens. So the labels of tokens are read off character by character, spans
as the characters where they start and end, and pieces by their ids in the whole vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.models.config_file import Problem
from dragoman.models.names import Head
from dragoman.models.packing import pack, plan_batches
from dragoman.models.readouts import PoolReadout, Readout
from dragoman.models.scores import sigmoid, softmax
from dragoman.runtime.base import Session
from dragoman.runtime.cuts import Cut

__all__ = ["UNSAID", "Answer", "Answers", "Reader", "answer_texts"]

BATCH_TOKENS = 4_096
UNSAID = -1  # the label of a character that no token covers

Array = NDArray[Any]


class Reader(NamedTuple):
    """How answers are read off hidden states."""

    readout: Readout
    head: Head
    first_position: int
    problem: Problem = "single"
    pieces: Sequence[int] | None = None  # of a trimmed vocabulary: each piece's id in the whole one
    features: NDArray[np.float32] | None = None  # [texts, columns], of a model that reads some beside the texts

    @property
    def kind(self) -> Literal["labels", "numbers", "vectors"]:
        """What the answers are."""
        if self.head == "none":
            return "vectors"
        return "numbers" if self.head == "classification" and self.problem == "regression" else "labels"


class Answer(NamedTuple):
    """The answer to a text: `N` is 1 for a label, and otherwise labels, characters, ends of a span or masks.

    Answers that are no labels, numbers and vectors, have values only.
    """

    labels: NDArray[np.int64]  # [N]
    values: Array  # scores of the labels, or the numbers of the answer


class Answers(NamedTuple):
    """The answers to `B` texts."""

    each: list[Answer]  # [B]
    mean: NDArray[np.float32]  # [B, hidden] mean hidden states


def answer_texts(session: Session, reader: Reader, cuts: Sequence[Cut]) -> Answers:
    """Run texts in batches of similar lengths; answers come in the order of `cuts`."""
    pool = PoolReadout(pooling="mean", normalize=False)
    each: dict[int, Answer] = {}
    mean: dict[int, Array] = {}
    for rows in plan_batches([len(cut.ids) for cut in cuts], max_tokens=BATCH_TOKENS):
        features = None if reader.features is None else list(reader.features[rows])
        batch = pack([cuts[row].ids for row in rows], first_position=reader.first_position, features=features)
        hidden, every = session.run(batch), range(len(rows))
        for row, read in zip(rows, reader.readout.read(hidden, batch, every), strict=True):
            each[row] = _answer(reader, read, cuts[row])
        mean |= zip(rows, pool.read(hidden, batch, every), strict=True)
    order = range(len(cuts))
    return Answers([each[row] for row in order], np.stack([mean[row] for row in order]))


def _answer(reader: Reader, read: Array, cut: Cut) -> Answer:
    if reader.kind != "labels":
        return Answer(np.empty(0, dtype=np.int64), read)
    match reader.head:
        case "tokens":
            return _of_characters(read, cut)
        case "span":
            return _of_span(read, cut)
        case "mask":
            return _of_masks(read, reader.pieces)
        case _:
            if reader.problem == "multi":
                return Answer((read > 0).astype(np.int64), sigmoid(read))
            return Answer(np.array([read.argmax()]), softmax(read))


def _of_characters(logits: Array, cut: Cut) -> Answer:
    """`[L, labels]` → the label of each character, and its score."""
    labels = np.full(cut.characters, UNSAID, dtype=np.int64)
    scores = np.zeros(cut.characters)
    for (start, end), label, score in zip(cut.spans, logits.argmax(axis=1), softmax(logits).max(axis=1), strict=True):
        labels[start:end], scores[start:end] = label, score
    return Answer(labels, scores)


def _of_span(logits: Array, cut: Cut) -> Answer:
    """`[L, 2]` → the first character of the best start and the last of the best end, and their scores."""
    start, end = logits.argmax(axis=0)
    return Answer(np.array([cut.spans[start][0], cut.spans[end][1]]), softmax(logits.T).max(axis=1))


def _of_masks(logits: Array, pieces: Sequence[int] | None) -> Answer:
    """`[M, vocabulary]` → the best piece at each mask, by its id in the whole vocabulary, and its score."""
    if not len(logits):
        return Answer(np.empty(0, dtype=np.int64), np.empty(0))
    best = logits.argmax(axis=1)
    return Answer(best if pieces is None else np.asarray(pieces)[best], softmax(logits).max(axis=1))

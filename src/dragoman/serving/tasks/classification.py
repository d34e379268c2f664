"""Classification: how well each label fits a text, or a pair of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from dragoman.models.config_file import Problem
from dragoman.models.readouts import Readout
from dragoman.models.scores import sigmoid, softmax
from dragoman.records import AnswerLabel, LabelPrediction, TextInput
from dragoman.serving.tasks.base import Piece, Prepared, RowEncoder, TextParameters
from dragoman.serving.tasks.cutter import Cutter
from dragoman.serving.tasks.logits import check_logits
from dragoman.spec import ServingSpec
from dragoman.text.tokenizer import Tokenizer
from dragoman.text.windows import covers, shares

__all__ = ["DECIMALS", "ClassificationParameters", "TextClassification", "best_labels"]

DECIMALS = 6  # more would be noise, and bytes


class ClassificationParameters(TextParameters, frozen=True, kw_only=True):
    """Parameters of text classification."""

    top: Annotated[int, Meta(ge=1, description="How many labels to answer, best first. Default: all.")] | None = None
    raw_scores: Annotated[
        bool, Meta(description="Answer the model's numbers (logits) instead of scores between 0 and 1.")
    ] = False


class TextClassification:
    """Logits to labels with scores.

    `problem` says what the scores are: shares of all labels ("single", a softmax with `temperature`), or each label's
    own ("multi", and "regression", whose number itself is the raw score). Windows are averaged by the tokens they own.
    An answer whose best score is below the spec's `abstain_below` says so. With an `encoder` the readout reads features
    beside the text: every window of a text has the same.
    """

    name = "text-classification"
    Input, Parameters, Answer = TextInput, ClassificationParameters, LabelPrediction

    def __init__(
        self,
        *,
        tokenizer: Tokenizer,
        readout: Readout,
        labels: Sequence[str],
        serving: ServingSpec,
        problem: Problem = "single",
        temperature: float = 1.0,
        encoder: RowEncoder | None = None,
    ) -> None:
        self.tokenizer, self.readout, self.labels, self.serving = tokenizer, readout, tuple(labels), serving
        self.problem, self.temperature, self.encoder = problem, temperature, encoder

    def prepare(self, inputs: Sequence[TextInput], parameters: ClassificationParameters) -> list[Prepared]:
        """One piece per window. Texts and the second texts of pairs are tokenised in one go."""
        seconds = [one.pair for one in inputs if one.pair is not None]
        tokens = [one.ids for one in self.tokenizer.tokenize_many([*(one.text for one in inputs), *seconds])]
        pairs = iter(tokens[len(inputs) :])
        cutter = Cutter.of(parameters, self.serving, max_tokens=self.tokenizer.max_tokens)
        prepared = [
            self._single(index, one, ids, cutter)
            if one.pair is None
            else self._pair(index, one, ids, next(pairs), cutter)
            for index, (one, ids) in enumerate(zip(inputs, tokens, strict=False))
        ]
        return prepared if self.encoder is None else with_features(prepared, inputs, self.encoder)

    def finish(
        self, prepared: Prepared, outputs: Sequence[NDArray[np.float32]], parameters: ClassificationParameters
    ) -> dict[str, Any]:
        logits = check_logits(np.stack(outputs), width=len(self.labels))
        scores = prepared.state @ self._scores(logits)
        shown = prepared.state @ logits if parameters.raw_scores else scores
        return {
            "labels": best_labels(self.labels, shown, parameters.top),
            "abstained": bool(scores.max() < self.serving.abstain_below),
        }

    def _single(self, index: int, one: TextInput, ids: list[int], cutter: Cutter) -> Prepared:
        parts = cutter.cut(f"Text {index}", len(ids), room=self.tokenizer.room())
        pieces = [Piece(self.tokenizer.join(ids[part.start : part.stop]), None, self.readout) for part in parts]
        truncated = not covers(parts, len(ids))
        return Prepared(pieces, one.text, one.language, len(parts), truncated, shares(parts))

    def _pair(self, index: int, one: TextInput, first: list[int], second: list[int], cutter: Cutter) -> Prepared:
        place, room = f"Text {index} with its pair", self.tokenizer.room(pair=True)
        parts, kept, truncated = cutter.cut_pair(place, len(first), len(second), room=room, is_first=True)
        joined = [
            self.tokenizer.join_pair(first[part.start : part.stop], second[kept.start : kept.stop]) for part in parts
        ]
        pieces = [Piece(*ids_and_types, self.readout) for ids_and_types in joined]
        return Prepared(pieces, one.text, one.language, len(parts), truncated, shares(parts))

    def _scores(self, logits: NDArray[np.float32]) -> NDArray[np.float64]:
        to_scores = softmax if self.problem == "single" else sigmoid
        return to_scores(logits, temperature=self.temperature)


def with_features(prepared: list[Prepared], inputs: Sequence[TextInput], encoder: RowEncoder) -> list[Prepared]:
    """The same, each piece with the features of its input."""
    rows = encoder.encode([one.features or {} for one in inputs])
    return [
        one._replace(pieces=[piece._replace(features=row) for piece in one.pieces])
        for one, row in zip(prepared, rows, strict=True)
    ]


def best_labels(labels: Sequence[str], scores: NDArray[np.float64], top: int | None) -> list[AnswerLabel]:
    """The `top` best labels, all without; equal scores keep the order of `labels`."""
    best_first = np.argsort(-scores, kind="stable")[:top]
    return [AnswerLabel(label=labels[index], score=round(float(scores[index]), DECIMALS)) for index in best_first]

"""Classification: one label per text, or none when the model is not sure enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.errors import DragomanError
from dragoman.models.scores import softmax
from dragoman.records import AnswerLabel

__all__ = ["Classification", "Classified"]


DECIMALS = 6  # more would be noise, and bytes


class Classified(NamedTuple):
    """The answer for one text."""

    labels: list[AnswerLabel]  # best first
    abstained: bool


class Classification:
    """Turns logits into labels with calibrated scores."""

    name = "classification"

    def __init__(self, labels: Sequence[str], *, temperature: float, abstain_below: float) -> None:
        self.labels, self.temperature, self.abstain_below = tuple(labels), temperature, abstain_below

    def finish(self, logits: NDArray[np.float32], *, top: int | None = None) -> list[Classified]:
        """The `top` best labels (default: all) of each row of `[texts, labels]`. Equal scores keep the head's order."""
        if logits.shape[1] != len(self.labels) or not np.isfinite(logits).all():
            raise DragomanError("The model gave no usable scores.", help="train or import it again.")
        scores = softmax(logits, temperature=self.temperature)
        best_first = np.argsort(-scores, axis=1, kind="stable")[:, :top]
        return [self._finish_one(row, order) for row, order in zip(scores, best_first, strict=True)]

    def _finish_one(self, scores: NDArray[np.float64], best_first: NDArray[np.intp]) -> Classified:
        labels = [
            AnswerLabel(label=self.labels[index], score=round(float(scores[index]), DECIMALS)) for index in best_first
        ]
        return Classified(labels, labels[0].score < self.abstain_below)

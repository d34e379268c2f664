"""What one version made of one input: all that releases compare."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from dragoman.records import AnswerPrediction, EntityPrediction, LabelPrediction, Prediction

__all__ = ["FAILED", "Outcome", "outcome_of", "outcomes_of"]

UNKNOWN = "und"  # the BCP 47 code of an undetermined language


class Outcome(NamedTuple):
    """One input's outcome. `label` is what must agree, and None where the task has nothing that could."""

    language: str
    label: Hashable = None
    score: float | None = None  # of the best label
    abstained: bool = False
    failed: bool = False
    id: str = ""  # of the prediction


FAILED = Outcome(UNKNOWN, failed=True)


def outcomes_of(predictions: Sequence[Prediction]) -> list[Outcome]:
    return [outcome_of(one) for one in predictions]


def outcome_of(prediction: Prediction) -> Outcome:
    """The best label of a classifier, the entities of a tagger, the answer to a question."""
    language = prediction.language
    if isinstance(prediction, LabelPrediction):
        best = prediction.labels[0]
        return Outcome(language, best.label, best.score, prediction.abstained, id=prediction.id)
    if isinstance(prediction, EntityPrediction):
        spans = tuple((one.label, one.start, one.end) for one in prediction.entities)
        return Outcome(language, spans, id=prediction.id)
    if isinstance(prediction, AnswerPrediction):
        found = prediction.answer
        said, score = ("", None) if found is None else (found.text, found.score)
        return Outcome(language, said, score, id=prediction.id)
    return Outcome(language, id=prediction.id)

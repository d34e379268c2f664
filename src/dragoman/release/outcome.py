"""What one version made of one input: all that releases compare."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from dragoman.records import (
    AnswerPrediction,
    EntityPrediction,
    ForecastPrediction,
    ForecastValue,
    LabelPrediction,
    Prediction,
    ValuePrediction,
)

__all__ = ["FAILED", "UNKNOWN", "Number", "Outcome", "numbers_of", "outcome_of", "outcomes_of"]

UNKNOWN = "und"  # the BCP 47 code of an undetermined language


class Number(NamedTuple):
    """A number that was answered, with its interval."""

    value: float
    low: float
    high: float

    @property
    def width(self) -> float:
        return self.high - self.low

    def holds(self, value: float) -> bool:
        """Whether another value is inside the interval, ends included."""
        return self.low <= value <= self.high


class Outcome(NamedTuple):
    """One input's outcome. `label` is what must agree, and None where the task has nothing that could.

    `numbers` are those of a model of numbers: one, or all steps of a forecast.
    """

    language: str
    label: Hashable = None
    score: float | None = None  # of the best label
    abstained: bool = False
    failed: bool = False
    id: str = ""  # of the prediction
    numbers: tuple[Number, ...] = ()


FAILED = Outcome(UNKNOWN, failed=True)


def outcomes_of(predictions: Sequence[Prediction]) -> list[Outcome]:
    return [outcome_of(one) for one in predictions]


def outcome_of(prediction: Prediction) -> Outcome:
    """The best label of a classifier, the numbers of a model of them, the entities of a tagger, a question's answer."""
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
    return Outcome(language, id=prediction.id, numbers=numbers_of(prediction))


def numbers_of(prediction: Prediction) -> tuple[Number, ...]:
    """The numbers of an answer; none where it is of something else."""
    if isinstance(prediction, ForecastPrediction):
        return tuple(map(_number, prediction.forecast))
    return (_number(prediction),) if isinstance(prediction, ValuePrediction) else ()


def _number(said: ValuePrediction | ForecastValue) -> Number:
    return Number(said.value, said.low, said.high)

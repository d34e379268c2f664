"""What a model answers."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from dragoman.records.base import Record

__all__ = [
    "AnswerLabel",
    "AnswerPrediction",
    "AnswerSpan",
    "Candidate",
    "EmbeddingPrediction",
    "Entity",
    "EntityPrediction",
    "FillPrediction",
    "ForecastPrediction",
    "ForecastValue",
    "LabelPrediction",
    "Prediction",
    "RankPrediction",
    "RankedText",
    "Usage",
    "ValuePrediction",
]


NUMBERS: dict[str, Any] = {"type": "array", "items": {"type": "number"}}
FLOATS = Meta(extra_json_schema={"anyOf": [NUMBERS, {"type": "array", "items": NUMBERS}]})  # a vector, or one per token


class AnswerLabel(Record, frozen=True, kw_only=True):
    """A label with its score in [0, 1]."""

    label: str
    score: float


class Entity(Record, frozen=True, kw_only=True):
    """A named span of the caller's text: `text` is `caller_text[start:end]`, counted in code points."""

    label: str
    start: int
    end: int
    text: str
    score: float


class AnswerSpan(Record, frozen=True, kw_only=True):
    """An answer as a span of the caller's context: `text` is `context[start:end]`, counted in code points."""

    text: str
    start: int
    end: int
    score: float


class RankedText(Record, frozen=True, kw_only=True):
    """A text's place in the request, and its relevance."""

    index: int
    score: float


class Candidate(Record, frozen=True, kw_only=True):
    """What may stand at a mask: the piece, the text it makes, and which mask of the text it is for."""

    text: str
    token: int
    score: float
    mask: int


class Prediction(Record, frozen=True, kw_only=True):
    """One answer; each task has its own kind with its own result."""

    id: str
    language: str
    script: str
    tokens: int
    windows: int
    truncated: bool


class LabelPrediction(Prediction, frozen=True, kw_only=True):
    """The answer of a classifier, zero-shot classifiers included."""

    labels: list[AnswerLabel]  # best first
    abstained: bool = False

    @property
    def label(self) -> str:
        """The best label."""
        return self.labels[0].label


class EntityPrediction(Prediction, frozen=True, kw_only=True):
    """The entities of a text, in the order of the text."""

    entities: list[Entity]


class AnswerPrediction(Prediction, frozen=True, kw_only=True):
    """The answer to a question; None when the context has none."""

    answer: AnswerSpan | None


class EmbeddingPrediction(Prediction, frozen=True, kw_only=True, eq=False):
    """The vector of a text."""

    embedding: Annotated[Any, FLOATS]  # NDArray[np.float32], [dimensions] or [tokens, dimensions]


class RankPrediction(Prediction, frozen=True, kw_only=True):
    """The texts of a request, the most relevant first."""

    results: list[RankedText]


class FillPrediction(Prediction, frozen=True, kw_only=True):
    """What may stand at the masks of a text: mask by mask, best first."""

    candidates: list[Candidate]


class ValuePrediction(Prediction, frozen=True, kw_only=True):
    """A number, and the interval that holds the true one with the probability that the spec asks for."""

    value: float
    low: float
    high: float


class ForecastValue(Record, frozen=True, kw_only=True):
    """A number told for a time to come, with its interval."""

    time: str
    value: float
    low: float
    high: float


class ForecastPrediction(Prediction, frozen=True, kw_only=True):
    """The next values of a series, in the order of time."""

    forecast: list[ForecastValue]


class Usage(Record, frozen=True, kw_only=True):
    """What an answer cost."""

    tokens: int
    queue_ms: float
    inference_ms: float

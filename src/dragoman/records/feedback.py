"""What comes back: labels joined to predictions, live quality, review."""

from __future__ import annotations

from typing import Any, Literal

from dragoman.records.base import Record
from dragoman.records.training import Interval

__all__ = [
    "DelayCurve",
    "Judged",
    "LabelCounts",
    "LanguageQuality",
    "LiveQuality",
    "Reason",
    "ReviewDecision",
    "ReviewDraw",
    "ReviewTask",
    "Reviewer",
    "TaskStatus",
]

TaskStatus = Literal["open", "claimed", "done", "skipped", "expired"]
Reason = Literal["audit", "uncertainty", "disagreement", "drift", "diversity"]


class Judged(Record, frozen=True, kw_only=True):
    """A prediction with its truth, after contradictions were settled."""

    prediction_id: str
    model: str
    version: str
    language: str
    time: str  # of the prediction
    label: str  # the best one of the answer
    score: float
    truth: str
    source: str
    labeler: str
    delay: float  # seconds from the prediction to its first label
    is_audit: bool  # it was drawn at random, with `inclusion` as the probability
    inclusion: float = 0.0
    contradicted: bool = False  # other labels of the prediction say something else


class LabelCounts(Record, frozen=True, kw_only=True):
    """What became of the labels of a model."""

    labels: int
    judged: int  # predictions with a truth
    repeated: int  # labels that say again what is known
    contradictions: int  # predictions whose labels differ
    unknown: int  # labels of predictions that are not in the log
    sources: dict[str, int]


class DelayCurve(Record, frozen=True, kw_only=True):
    """How long labels of one source take, those that have not come yet taken into account."""

    source: str
    labels: int
    waiting: int  # predictions in the same time without one
    days: list[float]  # rising
    arrived: list[float]  # share of all predictions whose label has come by then
    median_days: float | None  # of those that come at all, as far as it can be seen


class LanguageQuality(Record, frozen=True, kw_only=True):
    """Accuracy in one language, or in all ("all")."""

    language: str
    predictions: int  # in the window
    mature: int  # of these, old enough
    labelled: int
    audited: int  # labelled, and drawn at random
    accuracy: Interval | None  # from the random sample and the model's own scores (prediction-powered); None: too few
    sample: Interval | None  # from the random sample alone
    given: Interval | None  # of all labels that came, whoever chose them: biased towards what people look at
    expected: Interval | None  # before any label, from calibrated scores; holds without concept drift only
    evaluated: float | None  # at registration


class LiveQuality(Record, frozen=True, kw_only=True):
    """What is known of a version's quality in use."""

    model: str
    version: str
    since: str
    until: str
    maturity_days: float
    level: float
    languages: list[LanguageQuality]  # "all" first, then by predictions
    delays: list[DelayCurve]
    labels: LabelCounts
    notes: list[str] = []  # assumptions, and what is missing


class Reviewer(Record, frozen=True, kw_only=True):
    """Somebody who answers review tasks."""

    name: str
    languages: list[str]
    per_day: int = 0  # tasks; 0: any


class ReviewTask(Record, frozen=True, kw_only=True):
    """A prediction that people are asked to label."""

    id: str
    model: str
    version: str
    prediction_id: str
    language: str
    text: str  # redacted, as the log has it; empty where it keeps none
    features: dict[str, Any] = {}
    predicted: str
    score: float
    reason: Reason
    inclusion: float  # probability with which it was drawn, for audits; 0 for others
    wanted: int = 1  # answers
    status: TaskStatus = "open"
    created: str
    expires: str
    claimed_by: str = ""
    claimed_until: str = ""
    label: str = ""  # what the answers came to; empty where they contradict each other, and before they are all there
    settled: str = ""  # when `label` became what it is
    told: str = ""  # the last `settled` that the labels have heard of
    revision: int = 0


class ReviewDraw(Record, frozen=True, kw_only=True):
    """The tasks of one day: which predictions they were drawn from, and how many at random."""

    model: str
    day: str
    since: str  # the predictions are from then on
    until: str  # and before then
    predictions: dict[str, int]  # language → those that could be drawn
    audits: dict[str, int]  # language → those drawn at random
    tasks: int = 0


class ReviewDecision(Record, frozen=True, kw_only=True):
    """What one reviewer said of one task."""

    task: str
    reviewer: str
    label: str  # empty: skipped
    note: str = ""
    time: str
    seconds: float = 0.0  # from the claim to the answer
    undone: str = ""  # when it was taken back

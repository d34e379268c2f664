"""What is kept of an answer, and what comes back."""

from __future__ import annotations

from typing import Any

from dragoman.records.base import Record

__all__ = ["Label", "PredictionRow"]


class PredictionRow(Record, frozen=True, kw_only=True):
    """One answer as it is kept in the prediction log. Times are in milliseconds."""

    id: str
    time: str  # UTC, ISO 8601, with milliseconds
    model: str
    version: str
    task: str
    release: str = ""  # id of the release that chose the version
    arm: str = ""  # "champion" or "challenger" while a release runs
    assigned: str = ""  # the arm that the subject was given; another one answers where the challenger fails
    share: float = 0.0  # of the subjects that were given the challenger at that time
    mirrored: bool = False  # a copy of a request that the other arm answered
    request: str = ""  # the prediction's id in the other arm, for a mirrored one
    subject: str = ""  # pseudonym
    input: str = ""  # keyed hash of the input
    text: str | None = None  # redacted; only where the spec keeps it
    language: str = ""
    script: str = ""
    tokens: int = 0
    windows: int = 0
    truncated: bool = False
    labels: list[str] = []  # best first
    scores: list[float] = []
    abstained: bool = False
    value: float | None = None  # of a model of numbers; of a forecast, the first value
    low: float | None = None  # its interval
    high: float | None = None
    queue_ms: float = 0.0
    inference_ms: float = 0.0
    total_ms: float = 0.0
    features: dict[str, Any] = {}  # as served: column → value, `VIEW.FEATURE` → value
    key: str = ""  # of the entity, as JSON; where the request named one
    features_time: str = ""  # at which its features were looked up
    error: str = ""  # its type, where there is no answer
    trace: str = ""  # id of the request's trace, where it has one


class Label(Record, frozen=True, kw_only=True):
    """The truth of a prediction, as somebody told it; a true number as text."""

    prediction_id: str
    model: str
    label: str
    source: str = ""
    time: str  # when it was told; by default when it came
    received: str
    labeler: str = ""

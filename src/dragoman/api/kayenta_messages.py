"""What Kayenta and its remote judge say to each other.

The request has more fields, and other ones in other releases of Kayenta: those that are not named here are not read.
Only `judgeConfigurations` is Dragoman's own, and refuses what it does not know.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from dragoman.api.judge_question import Number

__all__ = [
    "Classification",
    "Classified",
    "Direction",
    "GroupScore",
    "JudgeAnswer",
    "JudgeConfigurations",
    "JudgeRequest",
    "MetricBounds",
    "MetricConfig",
    "MetricPair",
    "MetricResult",
    "Point",
    "Thresholds",
]

Point = float | str | None  # Kayenta writes "NaN" where there was no number
Direction = Literal["increase", "decrease", "either"]
Classification = Literal["Pass", "High", "Low", "Nodata"]


class Sent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of what Kayenta sends and reads."""


# The request --------------------------------------------------------------------------------------------------------


class MetricBounds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of a metric of Kayenta before any point of it is seen, in its own units."""

    low: Annotated[float, Meta(description="No point is lower; one that is counts as this.")]
    high: Annotated[float, Meta(description="No point is higher; one that is counts as this.")]
    margin: Annotated[float, Meta(gt=0, description="How much worse a healthy canary's mean may be.")]


class JudgeConfigurations(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the judge is told: a model whose release answers, or bounds of Kayenta's metrics, or both."""

    model: str = ""
    release: str = ""
    challenger: Number = ""
    language: str = ""
    alpha: Annotated[float, Meta(gt=0, le=0.5, description="Greatest probability that a healthy canary fails.")] = 0.05
    metrics: dict[str, MetricBounds] = {}


class JudgeConfig(Sent, frozen=True, kw_only=True):
    name: str = ""
    judge_configurations: JudgeConfigurations = JudgeConfigurations()


class CanaryAnalysis(Sent, frozen=True, kw_only=True):
    """How Kayenta's user wants a metric to be judged."""

    direction: str | None = None  # one of `Direction`; Kayenta reads anything else as "either"
    nan_strategy: str | None = None
    critical: bool | None = None
    muted: bool | None = None


class AnalysisConfigurations(Sent, frozen=True, kw_only=True):
    canary: CanaryAnalysis = CanaryAnalysis()


class MetricConfig(Sent, frozen=True, kw_only=True):
    name: str
    groups: list[str] | None = None
    analysis_configurations: AnalysisConfigurations | None = None

    @property
    def analysis(self) -> CanaryAnalysis:
        return (self.analysis_configurations or AnalysisConfigurations()).canary


class CanaryConfig(Sent, frozen=True, kw_only=True):
    judge: JudgeConfig = JudgeConfig()
    metrics: list[MetricConfig] = []


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """Scores from which an analysis passes, or is marginal."""

    passing: Annotated[float, Meta(ge=0, le=100)] = msgspec.field(name="pass")
    marginal: Annotated[float, Meta(ge=0, le=100)]


class PairValues(msgspec.Struct, frozen=True, kw_only=True):
    control: list[Point] = []
    experiment: list[Point] = []


class MetricPair(Sent, frozen=True, kw_only=True):
    """The points of one metric in both arms."""

    name: str
    id: str
    tags: dict[str, str] | None = None
    values: PairValues


class JudgeRequest(Sent, frozen=True, kw_only=True):
    """The body of `POST …/judge`."""

    canary_config: CanaryConfig
    score_thresholds: Thresholds
    metric_set_pair_list: list[MetricPair]


# The answer ---------------------------------------------------------------------------------------------------------


class MetricResult(Sent, frozen=True, kw_only=True):
    """One classified metric. The metadata hold `stats`, of which Kayenta reads the count."""

    name: str
    id: str
    tags: dict[str, str]
    classification: Classification
    classification_reason: str
    groups: list[str]
    experiment_metadata: dict[str, Any]
    control_metadata: dict[str, Any]
    result_metadata: dict[str, Any]
    critical: bool = False
    muted: bool = False


class Classified(Sent, frozen=True, kw_only=True):
    """The score of the whole analysis."""

    score: float
    classification: Literal["Pass", "Marginal", "Fail"]
    classification_reason: str


class GroupScore(Sent, frozen=True, kw_only=True):
    """The score of the metrics of one group."""

    name: str
    score: float
    classification: Literal["Pass", "Marginal", "Fail"]
    classification_reason: str


class JudgeAnswer(Sent, frozen=True, kw_only=True):
    """Kayenta's `CanaryJudgeResult`."""

    judge_name: str
    results: list[MetricResult]
    group_scores: list[GroupScore]
    score: Classified

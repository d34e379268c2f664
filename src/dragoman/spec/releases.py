"""The tables of a spec about how a new version reaches users."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from dragoman.spec.base import Section

__all__ = ["BeforeSpec", "MarginsSpec", "ReleaseSpec"]


class MarginsSpec(Section, frozen=True, kw_only=True):
    """How much worse a challenger may be, per metric and in every language, and still be released."""

    errors: Annotated[float, Meta(gt=0, lt=1, description="Share of requests that fail, above the champion's.")] = 0.005
    latency: Annotated[
        float,
        Meta(
            gt=0,
            lt=1,
            description="Share of requests slower than the champion's 95th percentile, above the champion's own.",
        ),
    ] = 0.05
    agreement: Annotated[
        float,
        Meta(
            gt=0,
            lt=1,
            description="Share of requests with another label than the champion's, above what the evaluation before "
            "the release allows; of models of numbers, with a value outside of the champion's interval.",
        ),
    ] = 0.02
    confidence: Annotated[float, Meta(gt=0, lt=1, description="Fall of the mean score of the best label.")] = 0.05
    abstention: Annotated[float, Meta(gt=0, lt=1, description="Share of abstentions, above the champion's.")] = 0.02
    quality: Annotated[
        float,
        Meta(
            gt=0,
            lt=1,
            description="Share of wrong labels, above the champion's, where the truth comes; of models of numbers, "
            "rise of the mean absolute error, in widths of the champion's intervals.",
        ),
    ] = 0.02


class BeforeSpec(Section, frozen=True, kw_only=True):
    """What a challenger must show before it gets traffic. Both versions answer the test split of the data as it is."""

    accuracy: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="How far the accuracy over all languages may be below the champion's; of models of numbers, "
            "the skill: the share of the naive answer's mean absolute error that is avoided.",
        ),
    ] = 0.01
    forgetting: Annotated[
        float, Meta(ge=0, le=1, description="The same in any language, where the model has languages.")
    ] = 0.05
    latency: Annotated[float, Meta(gt=0, description="Largest ratio of the time of one text to the champion's.")] = 1.5
    cost: Annotated[float, Meta(gt=0, description="Largest ratio of the compute per token to the champion's.")] = 1.5


class ReleaseSpec(Section, frozen=True, kw_only=True):
    """How a new version reaches users. Without this table it becomes the champion when it passes its gates."""

    shadow: Annotated[
        bool, Meta(description="Whether the challenger first answers copies of requests only, seen by nobody.")
    ] = True
    steps: Annotated[
        list[Annotated[float, Meta(gt=0, le=100)]],
        Meta(min_length=1, description="Percent of the traffic that the challenger answers, step by step."),
    ] = msgspec.field(default_factory=lambda: [1, 5, 25, 50, 100])
    mirror: Annotated[
        float,
        Meta(ge=0, le=1, description="Share of the requests that the other version answers too, for paired evidence."),
    ] = 1.0
    alpha: Annotated[
        float,
        Meta(
            gt=0, le=0.5, description="Greatest probability that a healthy challenger is rolled back by the evidence."
        ),
    ] = 0.05
    step_minutes: Annotated[float, Meta(ge=0, description="Least time at a step.")] = 60.0
    min_requests: Annotated[
        int, Meta(ge=0, description="Least requests of users that the challenger answers at a step.")
    ] = 200
    disagreement: Annotated[
        float,
        Meta(
            gt=0,
            lt=1,
            description="Share of requests with another label than the champion's above which a challenger is stopped "
            "in any language, whatever the evaluation says: data that is wrong can explain any difference.",
        ),
    ] = 0.3
    max_hours: Annotated[
        float, Meta(gt=0, description="A release that is not decided by then is rolled back, and says what it lacked.")
    ] = 168.0
    required: Annotated[
        list[Literal["errors", "latency", "agreement", "confidence", "abstention", "quality"]],
        Meta(description="Metrics that must be shown to be within their margin; the others can only stop a release."),
    ] = msgspec.field(default_factory=lambda: ["errors", "latency", "agreement"])
    thin: Annotated[
        Literal["wait", "pool", "ask"],
        Meta(
            description="A language with too little traffic to decide: wait for more, judge it together with the "
            "languages of its family or script, or ask a person."
        ),
    ] = "wait"
    approval: Annotated[bool, Meta(description="Whether a person must approve before a challenger gets traffic.")] = (
        False
    )
    margins: Annotated[MarginsSpec, Meta(description="How much worse a challenger may be.")] = MarginsSpec()
    before: Annotated[BeforeSpec, Meta(description="What a challenger must show before it gets traffic.")] = (
        BeforeSpec()
    )

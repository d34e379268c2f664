"""The tables of a spec that say what is watched: objectives, drift, alerts. Every field is documented here once."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from dragoman.spec.base import Language, Section

__all__ = ["AlertsSpec", "DriftSpec", "LanguageSloSpec", "SignalName", "SloSpec"]

Objective = Annotated[float, Meta(ge=0, lt=1)]
SignalName = Literal[
    "tokens",
    "fertility",
    "unknown",
    "bytes",
    "script",
    "foreign",
    "confidence",
    "label",
    "score",
    "entropy",
    "value",
    "width",
    "embedding",
    "number",
    "category",
    "missing",
]


class LanguageSloSpec(Section, frozen=True, kw_only=True):
    """Objectives of one language in place of the model's; those that are not given stay, 0 takes one away."""

    availability: Annotated[Objective | None, Meta(description="Share of requests that are answered.")] = None
    latency: Annotated[Objective | None, Meta(description="Share of requests answered in `latency_seconds`.")] = None
    latency_seconds: Annotated[
        Annotated[float, Meta(gt=0)] | None, Meta(description="What counts as slow, in seconds.")
    ] = None
    quality: Annotated[Objective | None, Meta(description="Share of labelled predictions that are right.")] = None
    coverage: Annotated[Objective | None, Meta(description="Share of texts that get a full answer.")] = None


class SloSpec(Section, frozen=True, kw_only=True):
    """What users may count on, over `days` and in every language. What may go wrong is the error budget."""

    days: Annotated[int, Meta(ge=1, le=90, description="Length of the period, which slides.")] = 30
    availability: Annotated[
        Objective,
        Meta(description="Share of requests that are answered; faults of the caller do not count. 0: no objective."),
    ] = 0.999
    latency: Annotated[
        Objective,
        Meta(description="Share of answered online requests that take at most `latency_seconds`. 0: no objective."),
    ] = 0.99
    latency_seconds: Annotated[float, Meta(gt=0, description="What counts as slow, in seconds.")] = 0.5
    quality: Annotated[
        Objective,
        Meta(
            description="Share of labelled predictions that are right; of a model of numbers, that have the true one "
            "inside their interval. 0: no objective."
        ),
    ] = 0.0
    coverage: Annotated[
        Objective,
        Meta(
            description="Share of texts that get a full answer: in a language of the model, not cut, not abstained. "
            "0: no objective."
        ),
    ] = 0.0
    freshness_seconds: Annotated[
        float,
        Meta(
            ge=0,
            description="How old the newest event that the online rows of the model's feature views know may be, in "
            "seconds. Longer than the source is ever quiet. 0: no objective.",
        ),
    ] = 0.0
    per_language: Annotated[
        bool, Meta(description="Whether every language has these objectives for itself too, with a budget of its own.")
    ] = True
    languages: Annotated[
        dict[Language, LanguageSloSpec], Meta(description="Objectives of single languages in place of these.")
    ] = msgspec.field(default_factory=dict)


class DriftSpec(Section, frozen=True, kw_only=True):
    """How changes of what comes in and goes out are found."""

    enabled: Annotated[bool, Meta(description="Whether texts and answers are profiled and compared.")] = True
    false_alarms: Annotated[
        float,
        Meta(
            gt=0,
            le=100,
            description="False alarms per 30 days that are accepted, over all signals, languages and windows of the "
            "model together.",
        ),
    ] = 1.0
    min_change: Annotated[
        float,
        Meta(
            ge=0,
            lt=1,
            description="Smallest change that is told: the share of a language's texts that have moved from one part "
            "of a signal's range to another. Smaller ones are real where there is enough traffic, and do not matter.",
        ),
    ] = 0.05
    min_texts: Annotated[int, Meta(ge=10, description="Texts of a language that a window must have.")] = 50
    every_minutes: Annotated[
        int, Meta(ge=1, le=1_440, description="Length of the buckets in which is counted; after each, one look.")
    ] = 60
    windows: Annotated[
        list[Annotated[int, Meta(ge=1, le=1_000)]],
        Meta(
            min_length=1,
            max_length=8,
            description="Lengths of the windows that each look compares with the reference, in buckets: short ones see "
            "large changes soon, long ones small changes and rare languages.",
        ),
    ] = msgspec.field(default_factory=lambda: [1, 6, 24, 168])
    reference: Annotated[
        Literal["bundle", "traffic"],
        Meta(
            description="What windows are compared with: the profile of held-out texts that is in the bundle, or the "
            "version's own traffic in its first `reference_days`."
        ),
    ] = "bundle"
    reference_days: Annotated[
        int, Meta(ge=1, le=90, description="Days of traffic that make the reference, where it is traffic.")
    ] = 14
    seasonal: Annotated[
        bool,
        Meta(
            description="Whether a window is compared with the same hours of the week only. Needs `reference = "
            '"traffic"` and 14 days of it at least.'
        ),
    ] = False
    signals: Annotated[
        list[SignalName],
        Meta(
            description="Signals that are watched; by default all that the task has. `number`, `category` and "
            "`missing` are all columns."
        ),
    ] = msgspec.field(default_factory=list)
    texts_per_second: Annotated[
        float,
        Meta(gt=0, description="Texts that are profiled per second and replica; of more, a random sample."),
    ] = 100.0
    severity: Annotated[Literal["page", "ticket"], Meta(description="How urgent a change is.")] = "ticket"


class AlertsSpec(Section, frozen=True, kw_only=True):
    """How alerts of the model are told. Who gets them stands in the workspace's `receivers.toml`."""

    group_seconds: Annotated[
        float, Meta(ge=0, description="How long alerts of one version wait for others, to be told together.")
    ] = 30.0
    repeat_hours: Annotated[
        float, Meta(gt=0, description="After how long an alert that still fires is told again.")
    ] = 24.0
    deploy_minutes: Annotated[
        float,
        Meta(
            ge=0,
            description="How long alerts of a model are kept back after its champion or its share of a release "
            "changed; what still fires then is told.",
        ),
    ] = 10.0
    escalation: Annotated[str, Meta(description="Whom to call where the owner does not answer.")] = ""

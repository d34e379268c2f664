"""The tables of a spec about what comes back: labels, review."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from dragoman.spec.base import Section

__all__ = ["FeedbackSpec", "ReviewSpec"]

Source = Annotated[str, Meta(min_length=1, max_length=64)]


class FeedbackSpec(Section, frozen=True, kw_only=True):
    """How labels are read."""

    maturity_days: Annotated[
        float,
        Meta(
            gt=0,
            le=366,
            description="Age from which the label of a prediction is taken to have come, if it comes at all: live "
            "quality is that of predictions which are older.",
        ),
    ] = 14.0
    sources: Annotated[
        list[Source],
        Meta(
            description="Sources of labels, the most trusted first. Where labels of one prediction contradict each "
            "other, the most trusted source counts, and of one source the newest label. Sources without a name here "
            "come last."
        ),
    ] = msgspec.field(default_factory=lambda: ["audit", "review"])
    window_days: Annotated[
        float, Meta(gt=0, le=366, description="Days of predictions that live quality is measured on.")
    ] = 30.0


class ReviewSpec(Section, frozen=True, kw_only=True):
    """Which predictions people are asked to label."""

    per_day: Annotated[int, Meta(ge=1, le=100_000, description="Tasks that are made in a day, over all languages.")] = (
        50
    )
    audit: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Share of the tasks that is drawn at random from all predictions: the only ones that live "
            "quality can be measured on without bias.",
        ),
    ] = 0.4
    drift: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Share of the tasks for languages whose drift fires: predictions since then, those first that "
            "are least like the ones before.",
        ),
    ] = 0.1
    per_language: Annotated[
        int, Meta(ge=0, description="Least tasks in a day for each language that has that many predictions.")
    ] = 1
    double: Annotated[
        float, Meta(ge=0, le=1, description="Share of the tasks that two people answer, to measure their agreement.")
    ] = 0.1
    similarity: Annotated[
        float,
        Meta(
            gt=0, le=1, description="Texts at least this similar (Jaccard of character trigrams) are asked about once."
        ),
    ] = 0.8
    expire_days: Annotated[
        float, Meta(gt=0, le=366, description="A task that nobody has answered by then is taken back.")
    ] = 14.0
    claim_minutes: Annotated[
        float, Meta(gt=0, le=10_080, description="How long a task stays with the person who took it.")
    ] = 60.0

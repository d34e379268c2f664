"""The table of a spec that says when a new version is trained without being asked for."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from dragoman.spec.base import Section

__all__ = ["RetrainingSpec"]

# Days and hours: "mon-fri 08:00-18:00", "sat", "22:00-06:00"; hours are in UTC.
DAY = "(mon|tue|wed|thu|fri|sat|sun)"
HOUR = "(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)"
HOURS_PATTERN = rf"^({DAY}(-{DAY})?( {HOUR}-{HOUR})?|{HOUR}-{HOUR})$(?!\n)"
Hours = Annotated[str, Meta(pattern=HOURS_PATTERN)]
Source = Annotated[str, Meta(min_length=1, max_length=64)]


class RetrainingSpec(Section, frozen=True, kw_only=True):
    """When a new version is trained without being asked for. Without this table, never."""

    new_labels: Annotated[
        int,
        Meta(
            ge=0,
            description="New labels that are worth a training: of predictions that the champion has not learned from. "
            "0: labels alone never start one.",
        ),
    ] = 500
    loss: Annotated[
        float,
        Meta(
            ge=0,
            lt=1,
            description="Fall of accuracy since the evaluation that starts a training: over all traffic, or within a "
            "language that has drifted. Measured by labels, or estimated before they come. 0: never.",
        ),
    ] = 0.02
    drift_hours: Annotated[
        float, Meta(ge=0, le=8_784, description="How long a language must have drifted before an estimate counts.")
    ] = 24.0
    quality: Annotated[
        bool, Meta(description="Whether quality that is surely below the objective `slo.quality` starts a training.")
    ] = True
    age_days: Annotated[
        float, Meta(ge=0, le=3_660, description="Age of the champion from which on it is trained anew. 0: never.")
    ] = 0.0
    fewest_labels: Annotated[
        int,
        Meta(
            ge=0,
            description="New labels without which nothing is trained, whatever the reason but age: there would be "
            "nothing new to learn.",
        ),
    ] = 50
    sources: Annotated[
        list[Source],
        Meta(min_length=1, description="Sources of labels that a model may learn from: people, never models."),
    ] = msgspec.field(default_factory=lambda: ["audit", "review"])
    replay: Annotated[
        float,
        Meta(
            ge=0,
            le=1_000,
            description="Old rows for each new one, at least, in every language: so that nothing is forgotten. Old "
            "rows are all used; new ones beyond this share wait for the next training.",
        ),
    ] = 2.0
    forgetting: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="How far the accuracy of a candidate on the old rows of the test split may be below the "
            "champion's, in any language.",
        ),
    ] = 0.05
    cooldown_days: Annotated[float, Meta(ge=0, le=366, description="Least time between two trainings.")] = 7.0
    calendar: Annotated[
        list[Hours],
        Meta(
            description='When a training may begin, in UTC: "mon-fri 08:00-18:00", "sat", "22:00-06:00". None: always.'
        ),
    ] = msgspec.field(default_factory=list)
    approval: Annotated[bool, Meta(description="Whether a person must approve before a training begins.")] = False

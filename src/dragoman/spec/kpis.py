"""The tables of a spec about business: what users do after an answer."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from dragoman.spec.base import Name, Section

__all__ = ["KpiSpec"]


class KpiSpec(Section, frozen=True, kw_only=True):
    """A number of the business, for each subject that asked the model: from events that come afterwards."""

    name: Annotated[Name, Meta(description="Name of the events, such as `resolved` or `spent`.")]
    kind: Annotated[
        Literal["share", "sum"],
        Meta(description="`share`: how many subjects have such an event; `sum`: of the events' values, per subject."),
    ] = "share"
    better: Annotated[Literal["higher", "lower"], Meta(description="Which way is good.")] = "higher"
    window_days: Annotated[
        float, Meta(gt=0, le=366, description="Events count until so long after the subject's first answer.")
    ] = 7.0
    most: Annotated[
        float,
        Meta(
            gt=0,
            description="Of a sum: the value of a subject is cut at this, so that a single one cannot decide; and so "
            "that intervals hold whatever the values are.",
        ),
    ] = 1.0

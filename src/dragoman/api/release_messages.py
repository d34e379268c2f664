"""What goes over the wire about releases in the native dialect, beside the records of `dragoman.records`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from dragoman.api.messages import Message
from dragoman.records import Release, Verdict
from dragoman.release.events import Event
from dragoman.release.standing import standing

__all__ = [
    "EventsAnswer",
    "EventsQuery",
    "NoQuery",
    "ReleaseAnswer",
    "ReleaseEntry",
    "ReleasesAnswer",
    "ReleasesQuery",
    "StartRequest",
    "WhyRequest",
    "release_answer",
    "release_entry",
]

MOST_LISTED = 1_000

Why = Annotated[str, Meta(max_length=1_000, description="Why. It is kept in the audit log.")]
Limit = Annotated[int, Meta(ge=1, le=MOST_LISTED, description="How many of the newest to answer with.")]


class NoQuery(Message, frozen=True, kw_only=True):
    """For paths that take no parameters."""


class ReleasesQuery(Message, frozen=True, kw_only=True):
    """Which releases to list."""

    model: Annotated[str | None, Meta(description="Only those of this model.")] = None
    active: Annotated[bool | None, Meta(description="Only those that run (true), or that have ended (false).")] = None
    limit: Limit = 100


class EventsQuery(Message, frozen=True, kw_only=True):
    """Which events to list."""

    since: Annotated[datetime, Meta(tz=True, description="Not before this time (RFC 3339).")] | None = None
    until: Annotated[datetime, Meta(tz=True, description="Before this time (RFC 3339).")] | None = None
    model: Annotated[str | None, Meta(description="Only those of this model.")] = None
    limit: Limit = MOST_LISTED


class StartRequest(Message, frozen=True, kw_only=True):
    """Which version to release."""

    challenger: Annotated[int, Meta(ge=1, le=2**31 - 1, description="Number of the version to release.")]
    reason: Why = ""


class WhyRequest(Message, frozen=True, kw_only=True):
    """The reason for a change."""

    reason: Why = ""


class ReleaseEntry(Message, frozen=True, kw_only=True):
    """One release in a list."""

    id: str
    model: str
    champion: int
    challenger: int
    status: str
    step: int
    share: float
    verdict: Verdict
    actor: str
    reason: str
    approved: str
    started: str
    stepped: str
    finished: str


class ReleasesAnswer(Message, frozen=True, kw_only=True):
    """Releases, the newest first."""

    releases: list[ReleaseEntry]


class ReleaseAnswer(Release, frozen=True, kw_only=True):
    """One release with everything that it is decided from."""

    verdict: Verdict  # on the whole release, as it stands now
    failed: list[str]  # the gates and metrics that say no, such as "agreement in th"
    missing: list[str]  # the required ones that lack evidence


class EventsAnswer(Message, frozen=True, kw_only=True):
    """Events in order of time."""

    events: list[Event]


def release_entry(release: Release) -> ReleaseEntry:
    fields = {name: getattr(release, name) for name in ReleaseEntry.__struct_fields__ if name != "verdict"}
    return ReleaseEntry(**fields, verdict=standing(release).verdict)


def release_answer(release: Release) -> ReleaseAnswer:
    fields = {name: getattr(release, name) for name in Release.__struct_fields__}
    verdict, failed, missing = standing(release)
    return ReleaseAnswer(**fields, verdict=verdict, failed=failed, missing=missing)

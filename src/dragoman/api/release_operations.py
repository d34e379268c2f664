"""The paths of releases, for the OpenAPI document."""

from __future__ import annotations

from dragoman.api.operation import Operation
from dragoman.api.release_messages import (
    EventsAnswer,
    EventsQuery,
    ReleaseAnswer,
    ReleasesAnswer,
    ReleasesQuery,
    StartRequest,
    WhyRequest,
)

__all__ = ["RELEASE_OPERATIONS"]

LOOK_ERRORS = (400, 404, 501)  # 501: a server without releases
CHANGE_ERRORS = (400, 404, 409, 413, 415, 501, 507)

RELEASE_OPERATIONS = (
    Operation(
        "/v1/releases",
        "get",
        "listReleases",
        "Releases, the newest first",
        (ReleasesAnswer,),
        (),
        LOOK_ERRORS,
        ReleasesQuery,
    ),
    Operation(
        "/v1/releases/{id}",
        "get",
        "showRelease",
        "A release with its gates, findings and notes",
        (ReleaseAnswer,),
        errors=LOOK_ERRORS,
    ),
    Operation(
        "/v1/releases/{id}/approve",
        "post",
        "approveRelease",
        "Let a release that waits for a person go on",
        (ReleaseAnswer,),
        (WhyRequest,),
        CHANGE_ERRORS,
        needs_body=False,
    ),
    Operation(
        "/v1/releases/{id}/rollback",
        "post",
        "rollBackRelease",
        "Give all traffic back to the champion",
        (ReleaseAnswer,),
        (WhyRequest,),
        CHANGE_ERRORS,
        needs_body=False,
    ),
    Operation(
        "/v1/models/{name}/release",
        "get",
        "showModelRelease",
        "The active release of a model, or its newest",
        (ReleaseAnswer,),
        errors=LOOK_ERRORS,
    ),
    Operation(
        "/v1/models/{name}/release",
        "post",
        "startRelease",
        "Begin the release of a version",
        (ReleaseAnswer,),
        (StartRequest,),
        CHANGE_ERRORS,
        status=201,
    ),
    Operation(
        "/v1/events",
        "get",
        "listEvents",
        "What changed the traffic, in order",
        (EventsAnswer,),
        (),
        LOOK_ERRORS,
        EventsQuery,
    ),
)

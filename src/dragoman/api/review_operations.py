"""The paths of review, for the OpenAPI document."""

from __future__ import annotations

from dragoman.api.operation import Operation
from dragoman.api.review_messages import (
    AgreementAnswer,
    BacklogAnswer,
    LabelRequest,
    ReviewerRequest,
    ReviewTaskAnswer,
    SkipRequest,
    TaskQuery,
)

__all__ = ["REVIEW_OPERATIONS"]

LOOK_ERRORS = (400, 404, 501)  # 501: a server without a workspace
CHANGE_ERRORS = (400, 404, 409, 413, 415, 501, 507)


def changing(path: str, id: str, summary: str, body: type, *, needs_body: bool, empty: int | None = None) -> Operation:
    answers = (ReviewTaskAnswer,)
    return Operation(path, "post", id, summary, answers, (body,), CHANGE_ERRORS, needs_body=needs_body, empty=empty)


REVIEW_OPERATIONS = (
    Operation(
        "/v1/models/{name}/review",
        "get",
        "showReview",
        "How many review tasks wait, and how many are done",
        (BacklogAnswer,),
        errors=LOOK_ERRORS,
    ),
    Operation(
        "/v1/models/{name}/review/agreement",
        "get",
        "showAgreement",
        "How far reviewers agree",
        (AgreementAnswer,),
        errors=LOOK_ERRORS,
    ),
    changing(
        "/v1/models/{name}/review/next",
        "nextReviewTask",
        "Take the next task; 204 where none waits",
        ReviewerRequest,
        needs_body=False,
        empty=204,
    ),
    Operation(
        "/v1/review/{task}",
        "get",
        "showReviewTask",
        "A task; what was said of it when it is over",
        (ReviewTaskAnswer,),
        errors=LOOK_ERRORS,
        query=TaskQuery,
    ),
    changing("/v1/review/{task}/label", "labelReviewTask", "Answer a task", LabelRequest, needs_body=True),
    changing("/v1/review/{task}/skip", "skipReviewTask", "Leave a task to others", SkipRequest, needs_body=False),
    changing("/v1/review/{task}/undo", "undoReviewTask", "Take an answer back", ReviewerRequest, needs_body=False),
)

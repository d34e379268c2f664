"""What goes over the wire about review, beside the records of `dragoman.records`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import Meta

from dragoman.api.messages import Message
from dragoman.feedback.review.agreement import Agreement
from dragoman.feedback.review.backlog import Backlog, BacklogRow, ReviewerRow, status_of
from dragoman.records import Reason, ReviewDecision, ReviewTask

__all__ = [
    "AgreementAnswer",
    "BacklogAnswer",
    "LabelRequest",
    "ReviewTaskAnswer",
    "ReviewerRequest",
    "SkipRequest",
    "TaskQuery",
    "backlog_answer",
    "task_answer",
]

ReviewerName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        description="Who answers, as in reviewers.toml. Default: the name of the key; an open server has to be told.",
    ),
]
Note = Annotated[str, Meta(max_length=1_000, description="What others should know of it.")]


class ReviewerRequest(Message, frozen=True, kw_only=True):
    """Who asks for a task, or takes an answer back."""

    reviewer: ReviewerName | None = None


class SkipRequest(ReviewerRequest, frozen=True, kw_only=True):
    """A task is left to others."""

    note: Note = ""


class LabelRequest(ReviewerRequest, frozen=True, kw_only=True):
    """The answer to a task."""

    label: Annotated[str, Meta(min_length=1, max_length=1_000, description="One of the task's labels.")]
    note: Note = ""


class TaskQuery(Message, frozen=True, kw_only=True):
    """What to show of a task."""

    prediction: Annotated[
        bool, Meta(description="Show what the model and other people said even before the task is over.")
    ] = False


class ReviewTaskAnswer(Message, frozen=True, kw_only=True):
    """A task as a reviewer may see it: what the model and others said of it shows when it is over."""

    id: str
    model: str
    version: str
    prediction_id: str
    language: str
    text: str  # as the log has it, personal data replaced
    features: dict[str, Any]
    labels: list[str]  # to choose from
    reason: Reason
    wanted: int  # answers
    status: str
    created: str
    expires: str
    claimed_by: str
    claimed_until: str
    label: str  # what the answers came to
    predicted: str | None
    score: float | None
    decisions: list[ReviewDecision]


class BacklogAnswer(Message, frozen=True, kw_only=True):
    """The tasks of a model, in all and by language and reason."""

    model: str
    open: int
    claimed: int
    done: int
    oldest_hours: float | None  # age of the oldest that waits
    rows: list[BacklogRow]
    reviewers: list[ReviewerRow]
    nobody: list[str]  # languages of tasks that wait and that no reviewer knows


class AgreementAnswer(Message, frozen=True, kw_only=True):
    """How far people agree: over all languages first, then in each."""

    model: str
    languages: list[Agreement]


def task_answer(
    task: ReviewTask, decisions: Sequence[ReviewDecision], labels: Sequence[str], *, now: str, shows: bool
) -> ReviewTaskAnswer:
    """A task at a time, `now`. Who sees what was said before they answer tends to agree with it."""
    status = status_of(task, now)
    shown = shows or status not in ("open", "claimed")
    same = {name: getattr(task, name) for name in SAME}
    return ReviewTaskAnswer(
        **same,
        labels=list(labels),
        status=status,
        claimed_by=task.claimed_by if status == "claimed" else "",
        claimed_until=task.claimed_until if status == "claimed" else "",
        predicted=task.predicted if shown else None,
        score=task.score if shown else None,
        decisions=list(decisions) if shown else [],
    )


def backlog_answer(found: Backlog) -> BacklogAnswer:
    """With sums over the rows."""
    ages = [row.oldest_hours for row in found.rows if row.oldest_hours is not None]
    return BacklogAnswer(
        model=found.model,
        open=sum(row.open for row in found.rows),
        claimed=sum(row.claimed for row in found.rows),
        done=sum(row.done for row in found.rows),
        oldest_hours=max(ages, default=None),
        rows=found.rows,
        reviewers=found.reviewers,
        nobody=found.nobody,
    )


SAME = (
    "id",
    "model",
    "version",
    "prediction_id",
    "language",
    "text",
    "features",
    "reason",
    "wanted",
    "created",
    "expires",
    "label",
)

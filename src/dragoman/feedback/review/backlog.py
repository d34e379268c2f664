"""What waits, what is done, and who did it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

from dragoman.feedback.review.competence import knows
from dragoman.records import Reason, Record, ReviewDecision, Reviewer, ReviewTask

__all__ = ["Backlog", "BacklogRow", "ReviewerRow", "backlog_of", "status_of"]


class BacklogRow(Record, frozen=True, kw_only=True):
    """Tasks of one language that are there for one reason."""

    language: str
    reason: Reason
    open: int = 0
    claimed: int = 0
    done: int = 0
    contested: int = 0  # of those done: people contradict each other, so there is no label
    skipped: int = 0
    expired: int = 0
    oldest_hours: float | None = None  # age of the oldest that waits


class ReviewerRow(Record, frozen=True, kw_only=True):
    """What one reviewer did with these tasks."""

    name: str
    languages: list[str]
    per_day: int
    today: int  # answers
    answered: int
    skipped: int
    undone: int
    holds: int  # tasks that are theirs now
    median_seconds: float | None  # from the claim to the answer


class Backlog(Record, frozen=True, kw_only=True):
    """The tasks of a model."""

    model: str
    rows: list[BacklogRow]
    reviewers: list[ReviewerRow]
    nobody: list[str]  # languages of tasks that wait and that no reviewer knows


def backlog_of(
    model: str,
    tasks: Sequence[ReviewTask],
    decisions: Sequence[ReviewDecision],
    reviewers: Sequence[Reviewer],
    *,
    now: str,
) -> Backlog:
    """Count tasks as they are now: one whose claim has run out is open, one whose time has passed is expired."""
    groups: defaultdict[tuple[str, Reason], list[ReviewTask]] = defaultdict(list)
    for task in tasks:
        groups[task.language, task.reason].append(task)
    waiting = {task.language for task in tasks if status_of(task, now) in ("open", "claimed")}
    return Backlog(
        model=model,
        rows=[_row(*key, groups[key], now) for key in sorted(groups)],
        reviewers=[_reviewer_row(one, tasks, decisions, now) for one in reviewers],
        nobody=sorted(language for language in waiting if not any(knows(one, language) for one in reviewers)),
    )


def status_of(task: ReviewTask, now: str) -> str:
    """That of a task as it is now, whoever has looked at it since."""
    if task.status not in ("open", "claimed"):
        return task.status
    if task.expires <= now:
        return "expired"
    return "claimed" if task.claimed_by and task.claimed_until > now else "open"


def _row(language: str, reason: Reason, tasks: Sequence[ReviewTask], now: str) -> BacklogRow:
    counts = Counter(status_of(task, now) for task in tasks)
    waiting = [task.created for task in tasks if status_of(task, now) in ("open", "claimed")]
    age = datetime.fromisoformat(now) - datetime.fromisoformat(min(waiting)) if waiting else None
    return BacklogRow(
        language=language,
        reason=reason,
        open=counts["open"],
        claimed=counts["claimed"],
        done=counts["done"],
        contested=sum(task.status == "done" and not task.label for task in tasks),
        skipped=counts["skipped"],
        expired=counts["expired"],
        oldest_hours=None if age is None else round(age.total_seconds() / 3_600, 2),
    )


def _reviewer_row(
    reviewer: Reviewer, tasks: Sequence[ReviewTask], decisions: Sequence[ReviewDecision], now: str
) -> ReviewerRow:
    mine = [one for one in decisions if one.reviewer == reviewer.name]
    answers = [one for one in mine if one.label and not one.undone]
    seconds = sorted(one.seconds for one in answers if one.seconds)
    return ReviewerRow(
        name=reviewer.name,
        languages=reviewer.languages,
        per_day=reviewer.per_day,
        today=sum(one.time[:10] == now[:10] for one in answers),
        answered=len(answers),
        skipped=sum(not one.label and not one.undone for one in mine),
        undone=sum(bool(one.undone) for one in mine),
        holds=sum(task.claimed_by == reviewer.name and status_of(task, now) == "claimed" for task in tasks),
        median_seconds=seconds[len(seconds) // 2] if seconds else None,
    )

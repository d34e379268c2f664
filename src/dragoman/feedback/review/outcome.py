"""What a task becomes when a decision comes or its time is over. Nothing is read or written here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from dragoman.feedback.review.competence import knows
from dragoman.feedback.review.moments import written
from dragoman.feedback.review.standing import Standing, answers_of, standing_of
from dragoman.records import ReviewDecision, Reviewer, ReviewTask, TaskStatus

__all__ = ["Moment", "is_over", "outcome_of"]


class Moment(NamedTuple):
    """The time, and who could answer."""

    now: str
    reviewers: Sequence[Reviewer]


def is_over(task: ReviewTask, now: str) -> bool:
    """Whether it still waits although its time has passed."""
    return task.status in ("open", "claimed") and task.expires <= now


def outcome_of(task: ReviewTask, decisions: Sequence[ReviewDecision], moment: Moment) -> ReviewTask:
    """The task with the status and the label that its decisions give now.

    `settled` moves whenever the labels have to hear of it: with every new label, and when one is taken back.
    """
    expired = task.expires <= moment.now
    nobody = not _others(task, decisions, moment.reviewers)
    labels = [one.label for one in answers_of(decisions)]
    standing = standing_of(task.wanted, labels, is_last=expired or nobody)
    changed = msgspec.structs.replace(task, status=_status(task, standing, moment.now, expired=expired, nobody=nobody))
    if changed.status != "claimed":
        changed = msgspec.structs.replace(changed, claimed_by="", claimed_until="")
    if standing.label != task.label:
        changed = msgspec.structs.replace(changed, label=standing.label, settled=_after(task, moment.now))
    return changed


def _after(task: ReviewTask, now: str) -> str:
    """Now, but never the moment that the labels have heard of already."""
    if now > task.settled:
        return now
    return written(datetime.fromisoformat(task.settled) + timedelta(milliseconds=1))


def _status(task: ReviewTask, standing: Standing, now: str, *, expired: bool, nobody: bool) -> TaskStatus:
    if standing.is_done:
        return "done"
    if expired:
        return "expired"
    if nobody:
        return "skipped"
    return "claimed" if task.claimed_by and task.claimed_until > now else "open"


def _others(task: ReviewTask, decisions: Sequence[ReviewDecision], reviewers: Sequence[Reviewer]) -> list[Reviewer]:
    """Those who know the language and have not said anything."""
    decided = {one.reviewer for one in decisions if not one.undone}
    return [one for one in reviewers if one.name not in decided and knows(one, task.language)]

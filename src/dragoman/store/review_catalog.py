"""What a catalog promises of review: tasks, what reviewers said, and what the tasks of a day were drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dragoman.records import By, ReviewDecision, ReviewDraw, ReviewTask, TaskStatus

__all__ = ["ReviewCatalog"]


class ReviewCatalog(Protocol):
    """Tasks by id, decisions by task, reviewer and time. None of a model's predictions is asked about twice."""

    def add_review_tasks(
        self, draw: ReviewDraw, tasks: Sequence[ReviewTask], *, by: By | None = None
    ) -> list[ReviewTask]:
        """Add the tasks of a day, all in one; returns those that are new, with revision 1.

        Nothing is added where the model has a draw of that day already, nor a task whose prediction has one.
        """

    def review_draws(self, model: str) -> list[ReviewDraw]:
        """The draws of a model, the oldest day first."""

    def review_task(self, id: str) -> ReviewTask:
        """Raises `NotFound`."""

    def review_tasks(
        self, *, model: str | None = None, statuses: Sequence[TaskStatus] = (), since: str = ""
    ) -> list[ReviewTask]:
        """Tasks by the time they were made and id; of a model, with one of these statuses, made since then."""

    def save_review_task(self, task: ReviewTask, decision: ReviewDecision | None = None) -> ReviewTask:
        """Replace a task, and with it add a decision or replace the one of its task, reviewer and time.

        Returns the task with its new revision. Raises `Conflict` if its revision is not the stored one, or where the
        reviewer has another decision of the task that was not undone, and `NotFound`.
        """

    def review_decisions(
        self, *, model: str | None = None, task: str | None = None, reviewer: str | None = None, since: str = ""
    ) -> list[ReviewDecision]:
        """Decisions, undone ones too, in order of time; of a model, a task, a reviewer, from a time on."""

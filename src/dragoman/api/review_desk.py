"""What hands review tasks out and takes the answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dragoman.feedback.review.agreement import Agreement
from dragoman.feedback.review.backlog import Backlog
from dragoman.records import By, ReviewDecision, ReviewTask

__all__ = ["ReviewDesk"]


class ReviewDesk(Protocol):
    """Where tasks are kept. Any method may take long, and is called on a thread of its own.

    All raise `NotFound` for an unknown model, task or reviewer.
    """

    def choices(self, model: str) -> Sequence[str]:
        """The labels of a model."""
        ...

    def backlog(self, model: str) -> Backlog:
        """What waits, what is done, and who did it."""
        ...

    def agreement(self, model: str) -> Sequence[Agreement]:
        """How far people agree: over all languages first, then in each."""
        ...

    def next(self, model: str, name: str) -> ReviewTask | None:
        """A task for a reviewer, theirs for a while; the one they have, if they have one. None: nothing waits for them.

        Raises `Conflict` for one who has answered as many as their day allows.
        """
        ...

    def task(self, id: str) -> ReviewTask: ...

    def decisions(self, id: str) -> Sequence[ReviewDecision]:
        """What was said of a task, the oldest first."""
        ...

    def label(self, id: str, label: str, name: str, *, note: str = "", by: By | None = None) -> ReviewTask:
        """Answer a task.

        Raises `Conflict` where somebody else has it now, it is over, or they have answered it, and `InvalidRequest`
        for a label that the model does not have and a language that they do not know.
        """
        ...

    def skip(self, id: str, name: str, *, note: str = "", by: By | None = None) -> ReviewTask:
        """Leave a task to others. Raises as `label` does."""
        ...

    def undo(self, id: str, *, name: str = "", by: By | None = None) -> ReviewTask:
        """Take back the last decision about a task; with a name, their last one. Raises `Conflict` without one."""
        ...

"""Review without a workspace, for tests: one task, which everybody may answer again and again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from dragoman.errors import Conflict, NotFound
from dragoman.feedback.review.agreement import Agreement
from dragoman.feedback.review.backlog import Backlog, BacklogRow
from dragoman.records import By, ReviewDecision, ReviewTask
from dragoman.serving.suggestion import shown

__all__ = ["FakeReview", "fake_task"]


def fake_task(**changes: Any) -> ReviewTask:
    """A question in Thai that waits; `changes` replace fields."""
    task = ReviewTask(
        id="t-1",
        model="support",
        version="7",
        prediction_id="p-1",
        language="th",
        text="ขอเงินคืน",
        predicted="refund",
        score=0.6,
        reason="audit",
        inclusion=0.25,
        created="2026-07-01T12:00:00.000+00:00",
        expires="9999-07-15T12:00:00.000+00:00",
    )
    return msgspec.structs.replace(task, **changes)


class FakeReview:
    """A desk with one task. What is said of it is remembered, and changes nothing."""

    def __init__(self, task: ReviewTask | None = None) -> None:
        self.one = task or fake_task()
        self.said: list[ReviewDecision] = []

    def choices(self, model: str) -> list[str]:
        return ["invoice", "refund", "other"]

    def backlog(self, model: str) -> Backlog:
        row = BacklogRow(language=self.one.language, reason=self.one.reason, open=1, oldest_hours=1.5)
        return Backlog(model=model, rows=[row], reviewers=[], nobody=[self.one.language])

    def agreement(self, model: str) -> list[Agreement]:
        return [Agreement(language="all", tasks=0, same=0, alpha=None)]

    def next(self, model: str, name: str) -> ReviewTask | None:
        return self.one if model == self.one.model else None

    def task(self, id: str) -> ReviewTask:
        if id != self.one.id:
            raise NotFound(f"There is no review task {shown(id)}.")
        return self.one

    def decisions(self, id: str) -> Sequence[ReviewDecision]:
        return self.said

    def label(self, id: str, label: str, name: str, *, note: str = "", by: By | None = None) -> ReviewTask:
        self.said.append(ReviewDecision(task=id, reviewer=name, label=label, note=note, time=self.one.created))
        return self.one

    def skip(self, id: str, name: str, *, note: str = "", by: By | None = None) -> ReviewTask:
        return self.label(id, "", name, note=note, by=by)

    def undo(self, id: str, *, name: str = "", by: By | None = None) -> ReviewTask:
        if not name:  # nobody has said anything
            raise Conflict(f"No decision about the task {shown(id)} can be taken back.")
        return self.task(id)

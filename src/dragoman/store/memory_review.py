"""Review in memory."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dragoman.records import By, ReviewDecision, ReviewDraw, ReviewTask, TaskStatus
from dragoman.store.changes import as_stored, review_facts, review_subject
from dragoman.store.memory_audit import MemoryAudit
from dragoman.store.refusals import review_answered, review_task_changed, review_task_not_found

__all__ = ["MemoryReview"]


class MemoryReview(MemoryAudit):
    """Records in dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self._tasks: dict[str, ReviewTask] = {}
        self._decisions: dict[tuple[str, str, str], ReviewDecision] = {}
        self._draws: dict[tuple[str, str], ReviewDraw] = {}

    def add_review_tasks(
        self, draw: ReviewDraw, tasks: Sequence[ReviewTask], *, by: By | None = None
    ) -> list[ReviewTask]:
        with self._lock:
            if (draw.model, draw.day) in self._draws:
                return []
            kept = as_stored(draw)
            asked = {(task.model, task.prediction_id) for task in self._tasks.values()}
            added: dict[str, ReviewTask] = {}
            for task in tasks:
                key = (task.model, task.prediction_id)
                if key not in asked and task.id not in self._tasks:
                    added.setdefault(task.id, as_stored(msgspec.structs.replace(task, revision=1)))
                    asked.add(key)
            self.audit("review.queued", review_subject(draw.model), detail=review_facts(draw), by=by)
            self._draws[draw.model, draw.day] = kept
            self._tasks |= added
        return list(added.values())

    def review_draws(self, model: str) -> list[ReviewDraw]:
        with self._lock:
            return [as_stored(draw) for key, draw in sorted(self._draws.items()) if key[0] == model]

    def review_task(self, id: str) -> ReviewTask:
        if id not in self._tasks:
            raise review_task_not_found(id)
        return as_stored(self._tasks[id])

    def review_tasks(
        self, *, model: str | None = None, statuses: Sequence[TaskStatus] = (), since: str = ""
    ) -> list[ReviewTask]:
        with self._lock:
            chosen = [
                as_stored(task)
                for task in self._tasks.values()
                if model in (None, task.model) and task.created >= since and (not statuses or task.status in statuses)
            ]
        return sorted(chosen, key=lambda task: (task.created, task.id))

    def save_review_task(self, task: ReviewTask, decision: ReviewDecision | None = None) -> ReviewTask:
        saved = as_stored(msgspec.structs.replace(task, revision=task.revision + 1))
        with self._lock:
            found = self.review_task(task.id).revision
            if found != task.revision:
                raise review_task_changed(task.id, found=found, expected=task.revision)
            if decision is not None:
                self._decide(as_stored(decision))
            self._tasks[task.id] = saved
        return saved

    def _decide(self, decision: ReviewDecision) -> None:
        key = (decision.task, decision.reviewer, decision.time)
        for other, one in self._decisions.items():
            if other != key and other[:2] == key[:2] and not one.undone and not decision.undone:
                raise review_answered(decision.task, decision.reviewer)
        self._decisions[key] = decision

    def review_decisions(
        self, *, model: str | None = None, task: str | None = None, reviewer: str | None = None, since: str = ""
    ) -> list[ReviewDecision]:
        with self._lock:
            chosen = [
                as_stored(one)
                for one in self._decisions.values()
                if task in (None, one.task)
                and reviewer in (None, one.reviewer)
                and one.time >= since
                and model in (None, self._tasks[one.task].model)
            ]
        return sorted(chosen, key=lambda one: (one.time, one.task, one.reviewer))

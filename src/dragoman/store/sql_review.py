"""Review in the catalog's database. Only the draws are in the audit log; labels are told to it when they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from dragoman.records import By, ReviewDecision, ReviewDraw, ReviewTask, TaskStatus
from dragoman.store.changes import review_facts, review_subject
from dragoman.store.refusals import review_answered, review_task_changed, review_task_not_found
from dragoman.store.sql_database import SqlDatabase, encode, insert_new, records
from dragoman.store.sql_tables import REVIEW_DECISIONS, REVIEW_DRAWS, REVIEW_TASKS

__all__ = ["SqlReview"]


class SqlReview(SqlDatabase):
    """Review tasks, decisions and draws."""

    def add_review_tasks(
        self, draw: ReviewDraw, tasks: Sequence[ReviewTask], *, by: By | None = None
    ) -> list[ReviewTask]:
        row = {"model": draw.model, "day": draw.day, "record": encode(draw)}
        new = [msgspec.structs.replace(task, revision=1) for task in tasks]
        with self._changing(by) as change:
            if not insert_new(change.connection, REVIEW_DRAWS, row):
                return []
            added = [task for task in new if insert_new(change.connection, REVIEW_TASKS, _row(task))]
            change.record("review.queued", review_subject(draw.model), review_facts(draw))
        return added

    def review_draws(self, model: str) -> list[ReviewDraw]:
        mine = select(REVIEW_DRAWS.c.record).where(REVIEW_DRAWS.c.model == model).order_by(REVIEW_DRAWS.c.day)
        return list(records(self._rows(mine), ReviewDraw))

    def review_task(self, id: str) -> ReviewTask:
        for task in records(self._rows(select(REVIEW_TASKS.c.record).where(REVIEW_TASKS.c.id == id)), ReviewTask):
            return task
        raise review_task_not_found(id)

    def review_tasks(
        self, *, model: str | None = None, statuses: Sequence[TaskStatus] = (), since: str = ""
    ) -> list[ReviewTask]:
        chosen = _chosen(REVIEW_TASKS, model=model)
        chosen += [REVIEW_TASKS.c.status.in_(statuses)] if statuses else []
        chosen += [REVIEW_TASKS.c.created >= since] if since else []
        found = records(self._rows(select(REVIEW_TASKS.c.record).where(*chosen)), ReviewTask)
        return sorted(found, key=lambda task: (task.created, task.id))

    def save_review_task(self, task: ReviewTask, decision: ReviewDecision | None = None) -> ReviewTask:
        saved = msgspec.structs.replace(task, revision=task.revision + 1)
        mine = REVIEW_TASKS.c.id == task.id
        with self._writing() as connection:
            as_read = update(REVIEW_TASKS).where(mine, REVIEW_TASKS.c.revision == task.revision)
            if not connection.execute(as_read.values(_row(saved))).rowcount:
                found = connection.execute(select(REVIEW_TASKS.c.revision).where(mine)).scalar()
                if found is None:
                    raise review_task_not_found(task.id)
                raise review_task_changed(task.id, found=found, expected=task.revision)
            if decision is not None:
                _decide(connection, decision, model=task.model)
        return saved

    def review_decisions(
        self, *, model: str | None = None, task: str | None = None, reviewer: str | None = None, since: str = ""
    ) -> list[ReviewDecision]:
        chosen = _chosen(REVIEW_DECISIONS, model=model, task=task, reviewer=reviewer)
        chosen += [REVIEW_DECISIONS.c.time >= since] if since else []
        found = records(self._rows(select(REVIEW_DECISIONS.c.record).where(*chosen)), ReviewDecision)
        return sorted(found, key=lambda one: (one.time, one.task, one.reviewer))


def _chosen(table: Table, **values: str | None) -> list[Any]:
    return [table.c[name] == value for name, value in values.items() if value is not None]


def _decide(connection: Connection, decision: ReviewDecision, *, model: str) -> None:
    key = {"task": decision.task, "reviewer": decision.reviewer, "time": decision.time}
    row = {**key, "model": model, "undone": decision.undone, "record": encode(decision)}
    mine = [REVIEW_DECISIONS.c[name] == value for name, value in key.items()]
    try:
        with connection.begin_nested():
            if not connection.execute(update(REVIEW_DECISIONS).where(*mine).values(row)).rowcount:
                connection.execute(insert(REVIEW_DECISIONS).values(row))
    except IntegrityError:
        raise review_answered(decision.task, decision.reviewer) from None


def _row(task: ReviewTask) -> dict[str, Any]:
    plain = {name: getattr(task, name) for name in ("id", "model", "language", "reason", "status", "created")}
    return plain | {"prediction": task.prediction_id, "revision": task.revision, "record": encode(task)}

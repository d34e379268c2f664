"""Tasks handed out, answered, passed over and taken back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import msgspec

from dragoman.clock import utc
from dragoman.errors import Conflict, InvalidRequest, StorageFull, Unavailable
from dragoman.feedback.labels import LabelStore
from dragoman.feedback.review.competence import find_reviewer, knows
from dragoman.feedback.review.moments import written
from dragoman.feedback.review.outcome import Moment, is_over, outcome_of
from dragoman.feedback.review.standing import agreeing
from dragoman.records import By, Label, ReviewDecision, Reviewer, ReviewTask, TaskStatus
from dragoman.spec import ReviewSpec
from dragoman.store.base import Catalog
from dragoman.store.refusals import review_answered

__all__ = ["ReviewDesk"]

logger = logging.getLogger(__name__)

WAITING: tuple[TaskStatus, ...] = ("open", "claimed")
replace = msgspec.structs.replace


class ReviewDesk:
    """The review of one model. Safe to use from many processes: a task changes only from the state that was read."""

    def __init__(
        self,
        catalog: Catalog,
        labels: LabelStore,
        *,
        spec: ReviewSpec,
        reviewers: Sequence[Reviewer],
        clock: Callable[[], datetime] = utc,
    ) -> None:
        self.catalog, self.labels, self.spec, self.reviewers, self.clock = catalog, labels, spec, reviewers, clock

    def next(self, model: str, name: str) -> ReviewTask | None:
        """The task that this reviewer has already, or else the oldest one for them, theirs for a while; None: no task.

        Audits come first, in random order: those that nobody gets to are then a random part, too. Raises `NotFound` for
        an unknown reviewer, and `Conflict` for one who has answered as many as their day allows.
        """
        reviewer = find_reviewer(self.reviewers, name)
        self._require_time(reviewer)
        now, decided = written(self.clock()), self._decided(name)
        mine = [task for task in self._waiting(model) if task.id not in decided and knows(reviewer, task.language)]
        mine = [task for task in mine if task.expires > now]
        for task in mine:
            if _is_held(task, name, now):
                return task
        for task in sorted(mine, key=lambda task: (task.created, task.reason != "audit", task.id)):
            if not _is_taken(task, now):
                with suppress(Conflict):  # somebody else was faster
                    return self._claim(task, name)
        return None

    def label(self, id: str, label: str, name: str, *, note: str = "", by: By | None = None) -> ReviewTask:
        """Answer a task; the label of its prediction is kept when all answers are there.

        Raises `NotFound`, and `Conflict` where somebody else has the task now, it is over, or they have answered it.
        """
        if not label:
            raise InvalidRequest("An answer needs a label.", help="Skip a task that nobody can answer.")
        return self._decide(id, name, label=label, note=note, by=by)

    def skip(self, id: str, name: str, *, note: str = "", by: By | None = None) -> ReviewTask:
        """Leave a task to others. When nobody else can answer it either, it is over. Raises as `label` does."""
        return self._decide(id, name, label="", note=note, by=by)

    def undo(self, id: str, *, name: str = "", by: By | None = None) -> ReviewTask:
        """Take the last decision about a task back, or the last one of a reviewer; also the label that came of it.

        Raises `Conflict` where there is none.
        """
        task, decisions = self.catalog.review_task(id), self.catalog.review_decisions(task=id)
        holding = [one for one in decisions if not one.undone and name in ("", one.reviewer)]
        if not holding:
            whose = f" of '{name}'" if name else ""
            raise Conflict(f"No decision{whose} about the task {id!r} can be taken back.", help="`show` has them all.")
        undone = replace(holding[-1], undone=written(self.clock()))
        after = [undone if one == holding[-1] else one for one in decisions]
        saved = self.catalog.save_review_task(self._outcome(task, after), undone)
        return self._tell(saved, after, by)

    def sweep(self, model: str, *, by: By | None = None) -> int:
        """Take back the tasks whose time is over, and tell labels of what a killed process could not; how many."""
        over, now = 0, written(self.clock())
        for task in self.catalog.review_tasks(model=model):
            decisions = self.catalog.review_decisions(task=task.id) if _needs_sweeping(task, now) else []
            with suppress(Conflict):  # somebody else works on it
                if is_over(task, now):
                    task = self.catalog.save_review_task(self._outcome(task, decisions))  # noqa: PLW2901 (as it is now)
                    over += task.status == "expired"
                self._tell(task, decisions, by)
        return over

    # Parts

    def _waiting(self, model: str) -> list[ReviewTask]:
        return self.catalog.review_tasks(model=model, statuses=WAITING)

    def _decided(self, name: str) -> set[str]:
        return {one.task for one in self.catalog.review_decisions(reviewer=name) if not one.undone}

    def _require_time(self, reviewer: Reviewer) -> None:
        midnight = self.clock().replace(hour=0, minute=0, second=0, microsecond=0)
        today = self.catalog.review_decisions(reviewer=reviewer.name, since=written(midnight))
        answered = sum(bool(one.label) and not one.undone for one in today)
        if reviewer.per_day and answered >= reviewer.per_day:
            raise Conflict(
                f"'{reviewer.name}' has answered {answered} tasks today, as many as they want.",
                help="Go on tomorrow (UTC), or raise per_day in reviewers.toml.",
            )

    def _claim(self, task: ReviewTask, name: str) -> ReviewTask:
        until = self.clock() + timedelta(minutes=self.spec.claim_minutes)
        return self.catalog.save_review_task(
            replace(task, status="claimed", claimed_by=name, claimed_until=written(until))
        )

    def _decide(self, id: str, name: str, *, label: str, note: str, by: By | None) -> ReviewTask:
        reviewer, task, now = find_reviewer(self.reviewers, name), self.catalog.review_task(id), self.clock()
        _require_open(task, reviewer, written(now))
        before = self.catalog.review_decisions(task=id)
        if any(one.reviewer == name and not one.undone for one in before):
            raise review_answered(id, name)
        seconds = self._seconds(task, name, now)
        said = ReviewDecision(task=id, reviewer=name, label=label, note=note, time=written(now), seconds=seconds)
        decisions = [*before, said]
        saved = self.catalog.save_review_task(self._outcome(_released(task, name), decisions), said)
        return self._tell(saved, decisions, by)

    def _seconds(self, task: ReviewTask, name: str, now: datetime) -> float:
        """Since the claim; 0 without one."""
        if task.claimed_by != name or not task.claimed_until:
            return 0.0
        taken = datetime.fromisoformat(task.claimed_until) - timedelta(minutes=self.spec.claim_minutes)
        return max(round((now - taken).total_seconds(), 3), 0.0)

    def _outcome(self, task: ReviewTask, decisions: Sequence[ReviewDecision]) -> ReviewTask:
        return outcome_of(task, decisions, Moment(written(self.clock()), self.reviewers))

    def _tell(self, task: ReviewTask, decisions: Sequence[ReviewDecision], by: By | None) -> ReviewTask:
        """Let the labels know what became of the task; said twice where a process dies in between, never not at all."""
        if task.settled == task.told:
            return task
        label = Label(
            prediction_id=task.prediction_id,
            model=task.model,
            label=task.label,  # empty: taken back
            source="audit" if task.reason == "audit" else "review",
            time=task.settled,
            received=written(self.clock()),
            labeler=agreeing(decisions, task.label) if task.label else "",
        )
        try:
            self.labels.add(task.model, [label], by=by or By(actor="review", reason=f"Task {task.id}."))
            return self.catalog.save_review_task(replace(task, told=task.settled))
        except (Conflict, StorageFull, Unavailable) as error:  # the answer holds: the next sweep tells of it
            logger.warning("The label of the review task %s is not told to the labels yet: %s", task.id, error)
            return task


def _is_held(task: ReviewTask, name: str, now: str) -> bool:
    return task.claimed_by == name and task.claimed_until > now


def _is_taken(task: ReviewTask, now: str) -> bool:
    return bool(task.claimed_by) and task.claimed_until > now


def _released(task: ReviewTask, name: str) -> ReviewTask:
    return replace(task, claimed_by="", claimed_until="") if task.claimed_by == name else task


def _needs_sweeping(task: ReviewTask, now: str) -> bool:
    return task.settled != task.told or is_over(task, now)


def _require_open(task: ReviewTask, reviewer: Reviewer, now: str) -> None:
    if task.status not in WAITING or task.expires <= now:
        state = task.status if task.status not in WAITING else "expired"
        raise Conflict(
            f"The task {task.id!r} is {state}.", help=f"`dragoman labels undo {task.id}` takes answers back."
        )
    if _is_taken(task, now) and task.claimed_by != reviewer.name:
        raise Conflict(
            f"'{task.claimed_by}' has the task {task.id!r} until {task.claimed_until}.",
            help="`dragoman labels next` gives another one.",
        )
    if not knows(reviewer, task.language):
        raise InvalidRequest(
            f"The task {task.id!r} is in '{task.language}', which '{reviewer.name}' does not know.",
            help="Add the language in reviewers.toml, or ask for another task.",
        )

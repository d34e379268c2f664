"""Review in a workspace: its prediction log, its `reviewers.toml`, its catalog."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from dragoman.app.monitor import LOG_FOLDER
from dragoman.app.workspace import Workspace
from dragoman.clock import utc
from dragoman.errors import InvalidInput, InvalidRequest
from dragoman.feedback.labels import LabelStore
from dragoman.feedback.review.agreement import Agreement, agreement_of
from dragoman.feedback.review.backlog import Backlog, backlog_of
from dragoman.feedback.review.competence import find_reviewer
from dragoman.feedback.review.desk import ReviewDesk
from dragoman.feedback.review.making import Plan, make_draw
from dragoman.feedback.review.moments import written
from dragoman.feedback.review.novelty import Change
from dragoman.monitoring.prediction_log.query import read_pending, read_predictions
from dragoman.monitoring.prediction_log.schema import rows_of
from dragoman.records import By, PredictionRow, ReviewDecision, ReviewDraw, Reviewer, ReviewTask
from dragoman.serving.suggestion import shown, suggest
from dragoman.spec import ModelSpec
from dragoman.spec.reviewers_file import REVIEWERS_FILE, read_reviewers

__all__ = ["Made", "Review"]

DAYS = 1.0
EARLIER = 1_000  # texts from before a language drifted that later ones are compared with


class Made(NamedTuple):
    """What making the tasks of a day did."""

    draw: ReviewDraw
    tasks: list[ReviewTask]  # new ones
    is_new: bool  # False: they were made before, or there is nothing to make them from


class Review:
    """Tasks of the workspace's models: made, handed out, answered, counted."""

    def __init__(self, workspace: Workspace, *, clock: Callable[[], datetime] = utc) -> None:
        self.workspace, self.clock = workspace, clock

    @property
    def reviewers(self) -> list[Reviewer]:
        """Those of `reviewers.toml`, by name. Raises `InvalidSpec`."""
        return read_reviewers(self.workspace.root / REVIEWERS_FILE)

    def make(self, model: str, *, days: float = DAYS, by: By | None = None) -> Made:
        """Make today's tasks from the predictions since the last time, at most `days` back; once a day (in UTC).

        No prediction is in two draws, so each has been drawn with the probability of its task. Raises `InvalidInput`
        for a model that answers no labels, and where the log does not keep what people have to see.
        """
        spec = self.workspace.spec(model)
        _require_reviewable(spec)
        self.sweep(model, by=by)
        until, catalog = self.clock(), self.workspace.catalog
        draws = catalog.review_draws(model)
        plan = Plan(
            model,
            spec.review,
            since=max([until - timedelta(days=days), *(datetime.fromisoformat(draw.until) for draw in draws)]),
            until=until,
            asked=catalog.review_tasks(model=model, statuses=("open", "claimed")),
            needs_text=spec.reads_text,
            drifting=self._drifting(model),
        )
        for draw in draws:
            if draw.day == plan.day:
                return Made(draw, [], is_new=False)
        draw, tasks = make_draw(plan, self._logged(plan))
        if not tasks:
            return Made(draw, [], is_new=False)
        added = catalog.add_review_tasks(draw, tasks, by=by)
        return Made(draw, added, is_new=bool(added))

    def choices(self, model: str) -> list[str]:
        """The labels of a model. Raises `NotFound` for an unknown one."""
        return list(self.workspace.spec(model).data.labels)

    def desk(self, model: str) -> ReviewDesk:
        """Where tasks of a model are taken and answered. Raises `NotFound` for an unknown model."""
        return ReviewDesk(
            self.workspace.catalog,
            LabelStore(self.workspace.tables, self.workspace.catalog),
            spec=self.workspace.spec(model).review,
            reviewers=self.reviewers,
            clock=self.clock,
        )

    def next(self, model: str, name: str) -> ReviewTask | None:
        """As `ReviewDesk.next`."""
        return self.desk(model).next(model, name)

    def label(self, id: str, label: str, name: str, *, note: str = "", by: By | None = None) -> ReviewTask:
        """As `ReviewDesk.label`; a label that the model does not have is refused with `InvalidRequest`."""
        model = self.task(id).model
        known = self.workspace.spec(model).data.labels
        if label not in known:
            raise InvalidRequest(f"'{model}' does not have the label {shown(label)}.", help=suggest(label, known))
        return self.desk(model).label(id, label, name, note=note, by=by)

    def skip(self, id: str, name: str, *, note: str = "", by: By | None = None) -> ReviewTask:
        """As `ReviewDesk.skip`."""
        return self.desk(self.task(id).model).skip(id, name, note=note, by=by)

    def undo(self, id: str, *, name: str = "", by: By | None = None) -> ReviewTask:
        """As `ReviewDesk.undo`."""
        return self.desk(self.task(id).model).undo(id, name=name, by=by)

    def sweep(self, model: str, *, by: By | None = None) -> int:
        """As `ReviewDesk.sweep`."""
        return self.desk(model).sweep(model, by=by)

    def task(self, id: str) -> ReviewTask:
        """Raises `NotFound`."""
        return self.workspace.catalog.review_task(id)

    def decisions(self, id: str) -> list[ReviewDecision]:
        """What was said of a task, the oldest first."""
        return self.workspace.catalog.review_decisions(task=id)

    def reviewer(self, name: str) -> Reviewer:
        """Raises `NotFound`."""
        return find_reviewer(self.reviewers, name)

    def backlog(self, model: str) -> Backlog:
        """What waits, what is done, and who did it. Raises `NotFound` for an unknown model."""
        self.workspace.spec(model)
        catalog = self.workspace.catalog
        tasks, decisions = catalog.review_tasks(model=model), catalog.review_decisions(model=model)
        return backlog_of(model, tasks, decisions, self.reviewers, now=written(self.clock()))

    def agreement(self, model: str) -> list[Agreement]:
        """How far people agree where two answered: over all languages first, then of each.

        Raises `NotFound` for an unknown model.
        """
        self.workspace.spec(model)
        catalog = self.workspace.catalog
        return agreement_of(catalog.review_tasks(model=model), catalog.review_decisions(model=model))

    def audits(self, model: str) -> Mapping[str, float]:
        """Prediction → the probability with which it was drawn, of those drawn at random whose answers gave a label."""
        tasks = self.workspace.catalog.review_tasks(model=model, statuses=("done",))
        return {task.prediction_id: task.inclusion for task in tasks if task.reason == "audit" and task.label}

    def _drifting(self, model: str) -> dict[str, Change]:
        """The languages whose drift fires, by the earliest of their alerts, with the newest texts from before it."""
        since: dict[str, datetime] = {}
        for alert in self.workspace.catalog.alerts(model=model, firing=True):
            if alert.kind == "drift":
                began = datetime.fromisoformat(alert.since or alert.started)
                since[alert.language] = min(began, since.get(alert.language, began))
        return {language: Change(began, self._texts(model, language, began)) for language, began in since.items()}

    def _texts(self, model: str, language: str, until: datetime) -> list[str]:
        stored = read_predictions(self.workspace.tables, model=model, language=language, until=until, limit=EARLIER)
        return [row.text for row in rows_of(stored) if row.text]

    def _logged(self, plan: Plan) -> list[PredictionRow]:
        """Rows of the table and of what is on its way there."""
        place, since, until = self.workspace, written(plan.since), written(plan.until)
        stored = read_predictions(place.tables, model=plan.model, since=plan.since, until=plan.until)
        found = {row.id: row for row in rows_of(stored)}
        for row in rows_of(read_pending(place.state / LOG_FOLDER)):
            if row.model == plan.model and since <= row.time < until:
                found[row.id] = row
        return list(found.values())


def _require_reviewable(spec: ModelSpec) -> None:
    if not spec.has_labels:
        raise InvalidInput(
            f"'{spec.name}' answers no labels, so there is nothing that people could choose.",
            help="Only text-classification and tabular-classification are reviewed.",
        )
    if not spec.log.enabled or (spec.reads_text and not spec.log.text):
        key = "text" if spec.log.enabled else "enabled"
        raise InvalidInput(
            f"The log of '{spec.name}' does not keep what people have to see: log.{key} is off.",
            help=f"Write {key} = true below [log] in its spec; personal data are replaced before a text is kept.",
        )

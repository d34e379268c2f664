"""What the loop did, does and will do, for people who look."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dragoman import clock
from dragoman.app.loop_lease import is_led
from dragoman.app.loop_place import LoopPlace
from dragoman.clock import written
from dragoman.errors import Conflict, InvalidInput
from dragoman.loop.requests import approved_job, asked_of, request_job
from dragoman.loop.schedule import slot_of
from dragoman.loop.spending import total_of
from dragoman.records import By, Job, Record, RetrainDecision, Spent
from dragoman.registry.uri import CHAMPION

__all__ = ["JobBrief", "LoopDesk", "LoopStatus", "ModelStatus"]


class JobBrief(Record, frozen=True, kw_only=True):
    """A job that is not over."""

    id: str
    kind: str
    status: str
    stage: str  # that is done
    due: str
    attempts: int
    error: str


class ModelStatus(Record, frozen=True, kw_only=True):
    """What the loop knows of a model."""

    model: str
    champion: int | None
    retrains: bool  # its spec has [retraining]
    decision: RetrainDecision | None = None  # the newest
    asked: By | None = None  # who asked for a training that has not begun
    evaluated: str = ""  # when its quality was measured last
    next_evaluation: str = ""
    jobs: list[JobBrief]  # that are not over
    trainings: int = 0  # by the loop, since ever
    last_training: Job | None = None
    spent: Spent = Spent()  # by all retrain jobs


class LoopStatus(Record, frozen=True, kw_only=True):
    """What the loop of a workspace is at."""

    runs: bool  # whether a process is the loop now
    time: str
    models: list[ModelStatus]
    failed: list[Job]  # of the last seven days, the newest first


class LoopDesk:
    """What people may ask of the loop, and tell it."""

    def __init__(self, place: LoopPlace) -> None:
        self.place, self.catalog = place, place.catalog

    def status(self) -> LoopStatus:
        """Everything of note. Raises `NotFound` without models."""
        jobs, now = self.catalog.jobs(), clock.seconds()
        failed = [job for job in jobs if job.status == "failed" and job.finished > written(now - 7 * 86_400)]
        models = [
            self._model(spec.name, [job for job in jobs if job.model == spec.name]) for spec in self.place.specs()
        ]
        return LoopStatus(runs=is_led(self.catalog), time=written(now), models=models, failed=failed[::-1])

    def decisions(self, model: str) -> list[RetrainDecision]:
        """The newest first. Raises `NotFound` for an unknown model."""
        return self.catalog.decisions(model=self.place.spec(model).name)

    def approve(self, model: str, *, by: By) -> RetrainDecision:
        """Let the training begin that waits for approval: the loop looks again at once.

        Raises `NotFound` for an unknown model, and `Conflict` where nothing waits for approval.
        """
        last = next(iter(self.decisions(model)), None)
        if last is None or last.verdict != "ask":
            said = f"its last decision is '{last.verdict}'" if last else "nothing was decided of it yet"
            raise Conflict(
                f"No training of '{model}' waits for approval: {said}.",
                help=f"`dragoman loop decisions {model}` shows them; `dragoman loop retrain {model}` asks for one.",
            )
        approved = msgspec.structs.replace(last, approved_by=by.actor)
        saved = approved if last.approved_by == by.actor else self.catalog.save_decision(approved, by=by)
        self.catalog.add_job(approved_job(model, now=clock.written()))
        return saved

    def ask(self, model: str, *, by: By, force: bool = False) -> Job:
        """Ask for a training: the loop looks at once, and as long as it does not begin for seven days.

        Raises `NotFound` for an unknown model, `Conflict` for one without champion, and `InvalidInput` for one without
        `[retraining]`.
        """
        spec = self.place.spec(model)
        if self.catalog.alias(model, CHAMPION) is None:
            raise Conflict(f"'{model}' has no champion yet.", help="`dragoman up` or `dragoman train` makes one.")
        if spec.retraining is None:
            raise InvalidInput(
                f"The spec of '{model}' has no table [retraining].",
                help="Add it, even empty; or train what the spec says with `dragoman train`.",
            )
        self.catalog.audit("retraining.asked", f"models:/{model}", detail={"force": force}, by=by)
        return self.catalog.add_job(request_job(model, by, now=clock.written(), force=force))

    def _model(self, name: str, jobs: Sequence[Job]) -> ModelStatus:
        trainings = [job for job in jobs if job.kind == "retrain"]
        champion = self.catalog.alias(name, CHAMPION)
        looks = self.catalog.qualities(name, version=str(champion)) if champion else []
        return ModelStatus(
            model=name,
            champion=champion,
            retrains=self.place.spec(name).retraining is not None,
            decision=next(iter(self.catalog.decisions(model=name)), None),
            asked=asked_of(jobs, now=clock.written()),
            evaluated=looks[-1].until if looks else "",
            next_evaluation=self._next_evaluation() if champion else "",
            jobs=[_brief(job) for job in jobs if not job.is_over],
            trainings=len(trainings),
            last_training=trainings[-1] if trainings else None,
            spent=total_of([job.spent for job in trainings]),
        )

    def _next_evaluation(self) -> str:
        length = self.place.periods.evaluate_minutes * 60
        return written(slot_of(clock.seconds(), length) + length)


def _brief(job: Job) -> JobBrief:
    return JobBrief(
        id=job.id,
        kind=job.kind,
        status=job.status,
        stage=job.stage,
        due=job.due,
        attempts=job.attempts,
        error=job.error,
    )

"""A retraining in stages: fix the rows, train, compare, release. Each can be killed and run again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import msgspec

from dragoman.app.collecting import champion_of, collect
from dragoman.app.desk import Desk
from dragoman.app.labelled import labelled_of
from dragoman.app.remembering import Remembered, remember
from dragoman.app.workspace import Workspace
from dragoman.errors import BudgetExceeded, Conflict, GateFailed
from dragoman.loop.stages import Ended, NotYet, Stage
from dragoman.records import By, DatasetVersion, Job, Release
from dragoman.registry.uri import CHALLENGER, CHAMPION
from dragoman.spec import ModelSpec
from dragoman.training.gates import check_gates
from dragoman.training.progress import Progress
from dragoman.training.runs import run_id_of

__all__ = ["ACTOR", "retrain_stages"]

ACTOR = "loop"
LOCKED_SECONDS = 15.0  # until another look at a training that somebody else has begun
RELEASE_SECONDS = 300.0  # until another look whether a release is over

Output = Mapping[str, Any]


def retrain_stages(workspace: Workspace, *, report: Callable[[Progress], None] = lambda progress: None) -> list[Stage]:
    """The stages of a job that trains its model with labels. docs/retraining.md says what each gives and refuses."""
    work = Retraining(workspace, report)
    return [
        Stage("assemble", work.assemble),
        Stage("train", work.train),
        Stage("compare", work.compare),
        Stage("release", work.release),
    ]


class Retraining:
    """What the stages do. All that one needs of those before is in the output of the job."""

    def __init__(self, workspace: Workspace, report: Callable[[Progress], None]) -> None:
        self.workspace, self.report = workspace, report

    def assemble(self, job: Job) -> Output:
        """Store the rows as a version of the dataset. Raises `Ended` where the champion has learned from just these."""
        spec = self.workspace.spec(job.model)
        collected = collect(self.workspace, job.model)
        known = {"champion": collected.champion, "labels": collected.summary()}
        try:
            dataset = labelled_of(self.workspace, spec).store(collected.rows)
        except GateFailed as error:  # the files break their contract
            raise Ended(**known, result="gates failed", message=error.message) from None
        standing = self.workspace.standing(spec, dataset.digest)
        if standing is not None and standing.run.dataset_digest == dataset.digest:
            raise Ended(**known, result="nothing new", message=f"{standing.version.uri} has learned from all there is.")
        rows = {"dataset": dataset.uri, "digest": dataset.digest, "rows": dataset.rows}
        return known | rows | {"spec": _fingerprint(spec, dataset)}

    def train(self, job: Job) -> Output:
        """Train on that version; a killed training goes on from its checkpoint.

        Raises `Ended` for a version that does not pass its gates, and `NotYet` while somebody else trains the same.
        """
        spec, dataset = self._begun(job)
        try:
            done = self.workspace.train_on(spec, dataset, report=self.report)
        except Conflict as error:
            raise NotYet(error.message, LOCKED_SECONDS) from None
        except BudgetExceeded as error:
            raise Ended(result="budget exceeded", message=error.message) from None
        except GateFailed as error:  # the export does not agree with the training
            raise Ended(result="gates failed", message=error.message) from None
        known = {"run": done.run.id, "version": done.version.number, "metrics": done.run.metrics}
        try:
            check_gates(spec.gates, done.run.metrics, done.version)
        except GateFailed as error:
            raise Ended(**known, result="gates failed", message=error.message) from None
        return known | {"seconds": done.run.seconds}

    def compare(self, job: Job) -> Output:
        """Compare with the champion, on old rows and on new ones. Raises `Ended` for a version that forgot."""
        spec, dataset = self._begun(job)
        number, champion = job.output["version"], champion_of(self.workspace, job.model)
        if number == champion:  # somebody has promoted it meanwhile
            raise Ended(result="released", message=f"models:/{job.model}/{number} is the champion already.")
        found = remember(self.workspace, spec, dataset, champion=champion, candidate=number)
        known = {"compared_with": champion, **_told(found)}
        if found.forgot:
            languages = ", ".join(found.forgot).replace("*", "all rows")
            message = f"models:/{job.model}/{number} has forgotten too much: {languages}. It is not released."
            raise Ended(**known, result="forgot", message=message)
        return known

    def release(self, job: Job) -> Output:
        """Make the version the champion or, where the spec has a release plan, begin a release.

        Raises `NotYet` while another release of the model is active, and `Ended` where the champion is another one than
        that of the comparison.
        """
        spec, _ = self._begun(job)
        number, champion = job.output["version"], self.workspace.catalog.alias(job.model, CHAMPION)
        by = By(actor=ACTOR, reason=_reason(job), evidence=f"runs:/{job.output['run']}")
        if champion not in (number, job.output["compared_with"]):
            _end("champion moved", f"models:/{job.model}/{champion} became the champion after the comparison.")
        if spec.release is not None:
            return self._released(job, number, by)
        if champion != number:
            self.workspace.registry.promote(job.model, number, expected=champion, by=by)
        return {
            "alias": CHAMPION,
            "release": "",
            **_result("released", f"models:/{job.model}/{number} is the champion."),
        }

    def _released(self, job: Job, number: int, by: By) -> Output:
        """The release that brings the version forward. Raises `Ended` where one was rolled back."""
        releases = self.workspace.catalog.releases(model=job.model)
        begun = _begun_before(releases, by, number)
        if begun is None and number == self.workspace.catalog.alias(job.model, CHAMPION):
            return {"alias": CHAMPION, "release": "", **_result("released", "Somebody has promoted it meanwhile.")}
        if begun is None:
            if any(one.challenger == number and one.status == "rolled_back" for one in releases):
                _end(
                    "rolled back before", f"A release has rolled models:/{job.model}/{number} back; it learned no more."
                )
            if any(one.is_active for one in releases):
                raise NotYet("Another release of the model is active.", RELEASE_SECONDS)
            try:
                begun = Desk(self.workspace).start(job.model, number, by=by)
            except Conflict as error:
                raise NotYet(error.message, RELEASE_SECONDS) from None
        self._name_challenger(begun, by)
        text = f"The release {begun.id} brings models:/{job.model}/{number} forward."
        return {"alias": CHALLENGER, "release": begun.id, **_result("releasing", text)}

    def _name_challenger(self, release: Release, by: By) -> None:
        """The alias comes after the release; a kill may come between them."""
        catalog = self.workspace.catalog
        current = catalog.alias(release.model, CHALLENGER)
        if release.is_active and current != release.challenger:
            catalog.move_alias(release.model, CHALLENGER, release.challenger, expected=current, by=by)

    def _begun(self, job: Job) -> tuple[ModelSpec, DatasetVersion]:
        """The spec and the rows that the job began with. Raises `Ended` if the spec says something else by now."""
        spec = self.workspace.spec(job.model)
        dataset = self.workspace.datasets.version(job.output["dataset"])
        if _fingerprint(spec, dataset) != job.output["spec"]:
            _end("spec changed", f"The spec of '{job.model}' trains another model than when the job began.")
        return spec, dataset


def _fingerprint(spec: ModelSpec, dataset: DatasetVersion) -> str:
    """Changes with what the spec says of training. New events of views are no change of it."""
    return run_id_of(spec, dataset.digest)


def _begun_before(releases: Sequence[Release], by: By, number: int) -> Release | None:
    """The release that this stage began before it was killed."""
    mine = (one for one in releases if one.challenger == number and (one.actor, one.reason) == (by.actor, by.reason))
    return next(mine, None)


def _reason(job: Job) -> str:
    """Names the job, so that its release is found again."""
    why = str(job.input.get("reason", "")).strip()
    return f"{why} ({job.id})" if why else f"It learned from labels ({job.id})."


def _told(found: Remembered) -> dict[str, Any]:
    gates = [msgspec.to_builtins(gate) for gate in found.gates]
    return {"old": found.old, "learned": found.learned, "forgot": found.forgot, "gates": gates}


def _result(result: str, message: str) -> dict[str, str]:
    return {"result": result, "message": message}


def _end(result: str, message: str) -> NoReturn:
    raise Ended(result=result, message=message)

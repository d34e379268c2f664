"""What the loop does for each kind of job, stage by stage. Every stage may run again after a crash."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dragoman import clock
from dragoman.app.loop_deciding import decide_retraining
from dragoman.app.workspace import Workspace
from dragoman.errors import Conflict, InvalidInput
from dragoman.loop.stages import Ended, NotYet, Stage
from dragoman.records import By, Job, JobKind, LiveQuality
from dragoman.registry.uri import CHAMPION
from dragoman.spec import ModelSpec

if TYPE_CHECKING:
    from dragoman.app.quality import Quality  # heavy: pyarrow

__all__ = ["LIGHT", "light_stages", "retrain_kinds"]

logger = logging.getLogger(__name__)

LIGHT: tuple[JobKind, ...] = ("evaluate", "queue", "materialize", "compact")
# Table → hours for which its versions can be read. Servers count labels from version to version, and may be down.
COMPACTED = {"predictions": 24.0, "labels": 168.0, "kpi-events": 24.0}
ASK_AGAIN = 3_600.0
BUSY_AGAIN = 60.0
NOTHING_TO_ASK = "The log has no new predictions that people could be asked about."


def light_stages(place: Workspace) -> dict[JobKind, Sequence[Stage]]:
    """The stages of the jobs that take seconds, for a worker in the loop's own process."""
    evaluating = Evaluating(place)
    return {
        "evaluate": (Stage("measure", evaluating.measure), Stage("decide", evaluating.decide)),
        "queue": (Stage("make", lambda job: make_tasks(place, job)),),
        "materialize": (Stage("materialize", lambda job: materialize_views(place)),),
        "compact": tuple(Stage(name, _compacting(place, name)) for name in COMPACTED),
    }


def retrain_kinds(place: Workspace) -> dict[JobKind, Sequence[Stage]]:
    """The stages of a retraining, for a worker in a process of its own."""
    from dragoman.app.retraining import retrain_stages  # heavy: the training parts

    return {"retrain": retrain_stages(place)}


class Evaluating:
    """Looks at a champion in use, and decides whether it is trained anew."""

    def __init__(self, place: Workspace) -> None:
        self.place = place

    def measure(self, job: Job) -> Mapping[str, Any]:
        """Store what is known of the champion's quality. A model of numbers has none; without a champion, it ends."""
        spec = self._spec(job)
        if not spec.has_labels:
            return {"measured": False}
        found = self._quality().live(spec.name)
        self.place.catalog.save_quality(found)
        return {"measured": True, "version": found.version, "until": found.until}

    def decide(self, job: Job) -> Mapping[str, Any]:
        """Decide, by what was measured. A model without `[retraining]` is not decided about."""
        spec = self._spec(job)
        if spec.retraining is None:
            return {}
        return decide_retraining(self.place, spec, job, quality=self._measured(job))

    def _measured(self, job: Job) -> LiveQuality | None:
        if not job.output.get("measured"):
            return None
        version, until = job.output["version"], job.output["until"]
        there = self.place.catalog.qualities(job.model, version=version, since=until)
        return next((one for one in there if one.until == until), None)

    def _spec(self, job: Job) -> ModelSpec:
        specs = [spec for spec in self.place.specs_or_none() if spec.name == job.model]
        if not specs or self.place.catalog.alias(job.model, CHAMPION) is None:
            raise Ended(result="gone", message=f"'{job.model}' has no spec, or no champion.")
        return specs[0]

    def _quality(self) -> Quality:
        from dragoman.app.quality import Quality  # heavy: pyarrow
        from dragoman.app.review import Review

        return Quality(self.place, audits=Review(self.place).audits)


def make_tasks(place: Workspace, job: Job) -> Mapping[str, Any]:
    """Make today's review tasks. While there is nothing to ask about the job waits, for the rest of the day."""
    from dragoman.app.review import Review  # heavy: pyarrow

    try:
        made = Review(place).make(job.model, by=By(actor="loop", reason="The tasks of the day."))
    except InvalidInput as error:
        raise Ended(result="refused", message=error.message) from None
    if not made.is_new and not made.draw.tasks:
        raise NotYet(NOTHING_TO_ASK, ASK_AGAIN)
    return {"day": made.draw.day, "tasks": len(made.tasks)}


def materialize_views(place: Workspace) -> Mapping[str, Any]:
    """Bring the rows of all applied views up to date."""
    from dragoman.app.feature_rows import FeatureRows  # heavy: pyarrow
    from dragoman.app.features import Features

    try:
        done = list(FeatureRows(Features(place)).materialize())
    except Conflict as error:
        raise NotYet(error.message, BUSY_AGAIN) from None
    return {"views": len(done), "changed": sum(one.is_new for one in done)}


def _compacting(place: Workspace, name: str) -> Any:
    def compact(job: Job) -> Mapping[str, Any]:
        done = place.tables.compact(name, before=clock.utc().date(), keep_hours=COMPACTED[name])
        return {name: {"merged": done.merged, "made": done.made, "removed": done.removed}}

    return compact

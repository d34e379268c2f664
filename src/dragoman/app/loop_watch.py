"""Whether the models that may be retrained are looked after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dragoman.app.loop_lease import is_led
from dragoman.clock import written
from dragoman.records import Job, Symptom
from dragoman.registry.uri import CHAMPION
from dragoman.settings import Settings
from dragoman.spec import ModelSpec
from dragoman.store.base import Catalog

__all__ = ["LoopWatch"]

MISSED = 3  # evaluations, until somebody is told
LEAST_SECONDS = 900.0
FAILED_SECONDS = 7 * 86_400.0  # for which a training that failed is told


class LoopWatch:
    """Asks the catalog at every call. Only models with `[retraining]` are looked at."""

    def __init__(self, catalog: Catalog, specs: Sequence[ModelSpec], settings: Settings) -> None:
        self.catalog = catalog
        self.names = [spec.name for spec in specs if spec.retraining is not None]
        self.limit = max(LEAST_SECONDS, MISSED * settings.loop_evaluate_minutes * 60)

    def symptoms(self, now: float, *, up_since: float) -> list[Symptom]:
        """What is wrong at `now`, for a server that is up since then; both in seconds since 1970."""
        there = [name for name in self.names if self.catalog.alias(name, CHAMPION)]
        found = [one for name in there for one in self._failed_training(name, now)]
        if now - up_since > self.limit:
            found += [one for name in there for one in self._unlooked(name, now)]
        return found

    def _unlooked(self, name: str, now: float) -> Iterator[Symptom]:
        since = written(now - self.limit)
        looks = self.catalog.jobs(model=name, kinds=["evaluate"], since=since)
        hours = self.limit / 3_600
        if any(job.status == "done" for job in looks):
            return
        if not is_led(self.catalog):
            said = f"No process runs the loop: '{name}' was not looked at for {hours:g} hours, and is not retrained."
            yield _symptom(name, "process", said, hours=hours)
        elif failed := [job for job in looks if job.attempts or job.status == "failed"]:
            said = f"'{name}' could not be measured for {hours:g} hours: {failed[-1].error}"
            yield _symptom(name, "evaluate", said, job=failed[-1].id, hours=hours)

    def _failed_training(self, name: str, now: float) -> Iterator[Symptom]:
        last = _newest(self.catalog.jobs(model=name, kinds=["retrain"]))
        if last and last.status == "failed" and last.finished > written(now - FAILED_SECONDS):
            after = f" after '{last.stage}'" if last.stage else ""
            said = f"A training of '{name}' failed{after}: {last.error}"
            yield _symptom(name, "retrain", said, since=last.finished, job=last.id)


def _newest(jobs: Sequence[Job]) -> Job | None:
    return jobs[-1] if jobs else None


def _symptom(model: str, name: str, summary: str, *, since: str = "", **evidence: Any) -> Symptom:
    return Symptom(
        model=model, kind="loop", name=name, severity="ticket", summary=summary, since=since, evidence=evidence
    )

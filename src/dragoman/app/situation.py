"""Everything that a decision to retrain rests on, as a workspace has it now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from dragoman import clock
from dragoman.app.ledger import ledger_of
from dragoman.app.workspace import Workspace
from dragoman.errors import NotFound
from dragoman.feedback.learning.collected import Collected
from dragoman.loop.requests import asked_of
from dragoman.loop.situation import Drifted, Situation
from dragoman.monitoring.resources.cost import Prices
from dragoman.monitoring.times import seconds_of
from dragoman.records import Alert, Interval, Job, LiveQuality, Report, Version
from dragoman.registry.bundle import EVALUATION_FILE
from dragoman.registry.uri import CHAMPION

__all__ = ["situation_of"]

ALL = "all"
DAY = 86_400.0
TRIED = ("gates failed", "forgot", "releasing", "rolled back before")  # results of retrain jobs
DRIFT_ALERTS = ("drift", "language-mix")


class Held(NamedTuple):
    """What the test split said of a version at registration."""

    accuracy: Mapping[str, Interval] = {}
    calibration_error: float = 0.0


def situation_of(
    workspace: Workspace, model: str, *, quality: LiveQuality | None, collected: Collected | None, prices: Prices
) -> Situation:
    """A model with what it is judged by. Live quality that is old, or that of another version, is left out.

    Raises `NotFound` for a model without a champion, and what reading its bundle raises.
    """
    catalog, now = workspace.catalog, clock.seconds()
    champion = _champion(workspace, model)
    jobs, ledger = catalog.jobs(model=model), ledger_of(workspace, model)
    training = [job for job in jobs if job.kind == "retrain"]
    held = _held(workspace, champion)
    notes = list(_doubts(quality, champion.number, now))
    return Situation(
        model=model,
        champion=champion.number,
        trained=_trained(workspace, champion),
        collected=collected,
        tried=_tried(training, champion.number),
        quality=None if notes else quality,
        held=held.accuracy,
        calibration_error=held.calibration_error,
        drifted=_drifted(catalog.alerts(model=model, firing=True), champion.number),
        release=next((one.id for one in catalog.releases(model=model, active=True)), ""),
        job=next((job.id for job in training if not job.is_over), ""),
        begun=_begun(training),
        past=ledger.past,
        estimate=ledger.estimate,
        prices=prices,
        decisions=catalog.decisions(model=model),
        asked=asked_of(jobs, now=clock.written()),
        notes=notes,
    )


def _champion(workspace: Workspace, model: str) -> Version:
    number = workspace.catalog.alias(model, CHAMPION)
    if number is None:
        raise NotFound(f"'{model}' has no champion.", help="`dragoman train` makes one.")
    return workspace.catalog.version(model, number)


def _trained(workspace: Workspace, version: Version) -> float:
    """When its training was over; of a version without a run, when it was registered."""
    try:
        finished = workspace.catalog.run(version.run).finished
    except NotFound:
        finished = ""
    return seconds_of(finished or version.created)


def _held(workspace: Workspace, version: Version) -> Held:
    content = workspace.registry.stored_file(version, EVALUATION_FILE)
    if content is None or not workspace.spec(version.model).has_labels:
        return Held()
    report = msgspec.json.decode(content, type=Report)
    languages = {one.language: one.accuracy for one in report.languages}
    return Held(languages | {ALL: report.accuracy}, report.calibration_error)


def _drifted(alerts: Sequence[Alert], champion: int) -> list[Drifted]:
    """Those of the champion, the oldest first; those of versions before it say nothing of it."""
    of_it = [one for one in alerts if one.kind in DRIFT_ALERTS and one.version == str(champion)]
    found = [Drifted(one.language, seconds_of(one.since or one.started), one.summary) for one in of_it]
    return sorted(found, key=lambda one: (one.since, one.language))


def _begun(training: Sequence[Job]) -> list[float]:
    """When each began, or was to begin; not those that were cancelled before."""
    times = [(job.created, job.started) for job in training if job.started or job.status != "cancelled"]
    return sorted(seconds_of(max(pair)) for pair in times)


def _tried(training: Sequence[Job], champion: int) -> int:
    """The labels that were new to this champion in a training that is over, and made no other one."""
    over = [job.output for job in training if job.status == "done" and job.output.get("champion") == champion]
    learned = [output for output in over if output.get("result") in TRIED and "dataset" in output]
    counts = [sum(output["labels"]["new"].values()) for output in learned]
    return max(counts, default=0)


def _doubts(quality: LiveQuality | None, champion: int, now: float) -> Iterator[str]:
    if quality is None:
        return
    if quality.version != str(champion):
        yield f"The live quality is that of version {quality.version}, not of the champion, version {champion}."
    if (age := now - seconds_of(quality.until)) > DAY:
        yield f"The live quality is {age / DAY:.1f} days old, too old to decide by."

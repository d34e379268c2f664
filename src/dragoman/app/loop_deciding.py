"""From what was measured to a stored decision, and to the job that it begins: both, or none, whatever is killed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from dragoman import clock
from dragoman.app.workspace import Workspace
from dragoman.errors import NotFound
from dragoman.loop.requests import forced, is_forced
from dragoman.records import By, Job, LiveQuality, RetrainDecision
from dragoman.spec import ModelSpec

__all__ = ["decide_retraining"]

logger = logging.getLogger(__name__)

TOLD_AGAIN = timedelta(days=1)  # a decision that stays the same
BY = By(actor="loop", reason="What was measured, and the spec.")


def decide_retraining(place: Workspace, spec: ModelSpec, job: Job, *, quality: LiveQuality | None) -> Mapping[str, Any]:
    """Decide by the governor; store the decision if it says something new; add the job if it says to train.

    The decision has the name of the evaluation, so that one that was stored by a killed attempt is found and carried
    out. Returns what the job's output says.
    """
    id = job.id.removeprefix("evaluate:")
    decision = _stored(place, id) or _keep(place, _decided(place, spec, job, quality))
    if decision.verdict == "train":
        _begin(place, decision)
    return {"verdict": decision.verdict, "decision": decision.id, "job": decision.job}


def _stored(place: Workspace, id: str) -> RetrainDecision | None:
    try:
        return place.catalog.decision(id)
    except NotFound:
        return None


def _decided(place: Workspace, spec: ModelSpec, job: Job, quality: LiveQuality | None) -> RetrainDecision:
    from dragoman.app.collecting import collect  # heavy: pyarrow
    from dragoman.app.situation import situation_of
    from dragoman.loop.governor import decide
    from dragoman.monitoring.resources.cost import Prices

    id = job.id.removeprefix("evaluate:")
    collected, prices = collect(place, spec.name), Prices.of(place.settings)
    situation = situation_of(place, spec.name, quality=quality, collected=collected, prices=prices)
    decision = decide(situation, spec, now=clock.seconds(), id=id)
    if is_forced(job):
        decision = forced(decision, job)
    return msgspec.structs.replace(decision, job=f"retrain:{id}") if decision.verdict == "train" else decision


def _keep(place: Workspace, decision: RetrainDecision) -> RetrainDecision:
    """Store it, unless the newest one says the same and is not old: then that one."""
    last = next(iter(place.catalog.decisions(model=decision.model)), None)
    if last is not None and decision.verdict != "train" and last.essence == decision.essence:
        age = datetime.fromisoformat(decision.time) - datetime.fromisoformat(last.time)
        if age < TOLD_AGAIN:
            return last
    logger.info("'%s': %s", decision.model, _words(decision))
    return place.catalog.save_decision(decision, by=BY)


def _words(decision: RetrainDecision) -> str:
    said = [one.text for one in decision.triggers] + [one.text for one in decision.blocks]
    verdict = {"train": "a training begins", "ask": "somebody must approve", "wait": "no training now"}
    return " ".join([f"{verdict.get(decision.verdict, 'nothing asks for a training')}.", *said])


def _begin(place: Workspace, decision: RetrainDecision) -> Job:
    """The retrain job of a decision: added, or found."""
    now = clock.written()
    reason = " ".join(one.text for one in decision.triggers)
    job = Job(
        id=decision.job,
        kind="retrain",
        model=decision.model,
        input={"decision": decision.id, "reason": reason},
        due=now,
        created=now,
    )
    return place.catalog.add_job(job, by=By(actor="loop", reason=reason, evidence=f"retrainings:/{decision.id}"))

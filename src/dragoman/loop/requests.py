"""What people ask of the loop: a training now. It stays asked until one begins."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from dragoman.records import BlockKind, By, Job, RetrainDecision, Trigger

__all__ = ["ASKED_DAYS", "PASSED_OVER", "approved_job", "asked_of", "forced", "is_forced", "request_job"]

ASKED_DAYS = 7.0  # then it is to be asked again
ASKED, FORCE = "asked", "force"
# What says "not now" or "ask first"; all else stands against a training whoever asks for it.
PASSED_OVER: tuple[BlockKind, ...] = ("labels", "cooldown", "calendar", "approval")


def request_job(model: str, by: By, *, now: str, force: bool = False) -> Job:
    """The evaluation that sees the request; it is due at once."""
    return Job(
        id=f"evaluate:{model}:asked:{now}",
        kind="evaluate",
        model=model,
        input={ASKED: msgspec.to_builtins(by), FORCE: force},
        due=now,
        created=now,
    )


def approved_job(model: str, *, now: str) -> Job:
    """The evaluation that sees an approval; it is due at once."""
    id = f"evaluate:{model}:approved:{now}"
    return Job(id=id, kind="evaluate", model=model, input={"approved": True}, due=now, created=now)


def asked_of(jobs: Iterable[Job], *, now: str) -> By | None:
    """Who asked for a training last, if none has begun since; a request counts for 7 days.

    `jobs` are all of one model. `now`, as records have times.
    """
    there = list(jobs)
    since = (datetime.fromisoformat(now) - timedelta(days=ASKED_DAYS)).isoformat(timespec="milliseconds")
    since = max([since.replace("+00:00", "Z"), *(job.created for job in there if job.kind == "retrain")])
    asking = [job for job in there if ASKED in job.input and job.created > since and job.status != "cancelled"]
    newest = max(asking, key=lambda job: job.created, default=None)
    return msgspec.convert(newest.input[ASKED], By) if newest else None


def is_forced(job: Job) -> bool:
    """Whether the one who asked would pass over what only says "not now"."""
    return bool(job.input.get(FORCE))


def forced(decision: RetrainDecision, job: Job) -> RetrainDecision:
    """The decision where somebody insists: what only says "not now" is passed over, and the decision tells it.

    A request that was answered meanwhile, because a training has begun, insists on nothing.
    """
    is_asked = any(one.kind == "asked" for one in decision.triggers)
    if not is_asked or decision.verdict == "train" or any(one.kind not in PASSED_OVER for one in decision.blocks):
        return decision
    by = msgspec.convert(job.input[ASKED], By)
    asked = Trigger(kind="asked", text=f"{by.actor} insists on a training{f': {by.reason}' if by.reason else ''}.")
    others = [one for one in decision.triggers if one.kind != "asked"]
    return msgspec.structs.replace(
        decision,
        verdict="train",
        triggers=[*others, asked],
        blocks=[],
        evidence=decision.evidence | {"passed_over": [one.text for one in decision.blocks]},
        approved_by=by.actor,
    )

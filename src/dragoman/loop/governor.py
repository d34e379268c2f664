"""To train a model again, or not to, and why."""

from __future__ import annotations

from dragoman.clock import written
from dragoman.loop.blocks import APPROVAL_DAYS, approval_of, find_blocks
from dragoman.loop.found import evidence_of
from dragoman.loop.loss import losses
from dragoman.loop.situation import Situation
from dragoman.loop.triggers import find_triggers
from dragoman.records import Block, RetrainDecision, RetrainVerdict, Trigger
from dragoman.spec import ModelSpec, RetrainingSpec

__all__ = ["decide"]

UNASKED = RetrainingSpec(new_labels=0, loss=0.0, quality=False, age_days=0.0)  # without a table nothing starts one


def decide(situation: Situation, spec: ModelSpec, *, now: float, id: str) -> RetrainDecision:
    """What is to be done about a model at `now`, in seconds since 1970. The same situation gives the same decision.

    "none": nothing asks for a training. "wait": something does, and something stands against it. "ask": only the
    approval that the spec asks for is missing. "train": it may begin.
    """
    plan = spec.retraining or UNASKED
    found = losses(situation, spec, now=now)
    triggers = find_triggers(situation, plan, found, now=now)
    blocks = find_blocks(situation, spec, plan, triggers, now=now) if triggers else []
    approval = approval_of(situation, now=now) if plan.approval and triggers else None
    if triggers and plan.approval and approval is None:
        blocks = [*blocks, _unapproved(situation)]
    verdict = _verdict(triggers, blocks)
    return RetrainDecision(
        id=id,
        model=situation.model,
        champion=situation.champion,
        time=written(now),
        verdict=verdict,
        triggers=triggers,
        blocks=blocks,
        evidence=evidence_of(situation, plan, found, now=now),
        estimate=situation.estimate,
        approved_by=approval.approved_by if approval and verdict == "train" else "",
    )


def _verdict(triggers: list[Trigger], blocks: list[Block]) -> RetrainVerdict:
    if not triggers:
        return "none"
    if not blocks:
        return "train"
    return "ask" if all(one.kind == "approval" for one in blocks) else "wait"


def _unapproved(situation: Situation) -> Block:
    text = (
        f"A person must approve: `dragoman loop approve {situation.model}`. That holds for version "
        f"{situation.champion} and {APPROVAL_DAYS:g} days."
    )
    return Block(kind="approval", text=text)

"""The numbers that a decision was made from, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from dragoman.clock import written
from dragoman.loop.costs import price_of
from dragoman.loop.loss import ALL, DRIFTING, Loss
from dragoman.loop.situation import Situation
from dragoman.records import Interval
from dragoman.spec import RetrainingSpec

__all__ = ["evidence_of"]

DAY = 86_400.0
DIGITS, LEVEL_DIGITS = 4, 9


def evidence_of(situation: Situation, plan: RetrainingSpec, found: Sequence[Loss], *, now: float) -> dict[str, Any]:
    """What was looked at: labels, every language's quality, the times that count, costs, and what is missing."""
    begun = max(situation.begun, default=None)
    return {
        "labels": _labels(situation, plan),
        **{name: _row(one) for one in found if (name := one.language) in (ALL, DRIFTING)},
        "languages": {one.language: _row(one) for one in found if one.language not in (ALL, DRIFTING)},
        "drift": {one.language or "mix": one.summary for one in situation.drifted},
        "quality_until": situation.quality.until if situation.quality else "",
        "age_days": round((now - situation.trained) / DAY, 2),
        "last_training": "" if begun is None else written(begun),
        "estimate": None if situation.estimate is None else msgspec.to_builtins(situation.estimate),
        "price": _price(situation),
        "notes": [*situation.notes, *_notes(situation)],
    }


def _labels(situation: Situation, plan: RetrainingSpec) -> dict[str, Any]:
    collected = situation.collected
    limits = {"enough": plan.new_labels, "fewest": plan.fewest_labels, "tried": situation.tried}
    return limits | ({"total": collected.total, **collected.summary()} if collected else {"total": 0})


def _row(one: Loss) -> dict[str, Any]:
    """Without what is not known."""
    numbers: dict[str, float | None] = {
        "share": one.share,
        "predictions": one.predictions,
        "audited": one.audited,
        "drifted_hours": one.drifted_hours,
        "objective": one.objective or None,
        **_ends("accuracy", one.accuracy),
        **_ends("evaluated", one.evaluated),
        **_ends("expected", one.expected),
        "loss": one.measured,
        "loss_at_least": one.surely,
        "estimated_loss": one.estimated,
        "estimated_loss_at_least": one.surely_estimated,
    }
    found: dict[str, Any] = {name: round(value, DIGITS) for name, value in numbers.items() if value is not None}
    return found | ({"level": round(one.accuracy.level, LEVEL_DIGITS)} if one.accuracy else {})


def _ends(name: str, interval: Interval | None) -> dict[str, float]:
    if interval is None:
        return {}
    return {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _price(situation: Situation) -> float | None:
    if situation.estimate is None or not situation.prices:
        return None
    return round(price_of(situation.estimate, situation.prices), DIGITS)


def _notes(situation: Situation) -> list[str]:
    notes = []
    if situation.estimate is None:
        notes.append("Nobody knows yet what a training takes: none was finished before, so the first one is allowed.")
    if situation.quality is None:
        notes.append("The champion's live quality was not looked at.")
    if situation.collected is None:
        notes.append("The labels were not looked at.")
    return notes

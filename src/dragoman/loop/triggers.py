"""What asks for a training: labels, drift with an estimated loss, quality, age, a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dragoman.loop.loss import ALL, DRIFTING, Loss
from dragoman.loop.situation import Situation
from dragoman.loop.words import counted, days, listed, percent, points
from dragoman.records import Trigger
from dragoman.spec import RetrainingSpec

__all__ = ["find_triggers"]

DAY, HOUR = 86_400.0, 3_600.0
NAMES = {ALL: "all languages together", DRIFTING: "the drifting languages together"}


def find_triggers(situation: Situation, plan: RetrainingSpec, found: Sequence[Loss], *, now: float) -> list[Trigger]:
    """Everything that asks for one at `now`. `found` are the losses of the situation."""
    return [
        *_labels(situation, plan),
        *_drift(situation, plan, found, now),
        *_quality(plan, found),
        *_age(situation, plan, now),
        *_asked(situation),
    ]


def _labels(situation: Situation, plan: RetrainingSpec) -> Iterator[Trigger]:
    fresh = situation.fresh
    if plan.new_labels and fresh >= plan.new_labels:
        text = f"{counted(fresh, 'new label')} can be learned from; {plan.new_labels:,} are worth a training."
        yield Trigger(kind="labels", text=text, value=fresh, limit=plan.new_labels)


def _drift(situation: Situation, plan: RetrainingSpec, found: Sequence[Loss], now: float) -> Iterator[Trigger]:
    """An estimate counts when something has drifted for long enough: that language, or anything for all traffic."""
    longest = max((now - one.since for one in situation.drifted), default=-1.0)
    if not plan.loss or longest < plan.drift_hours * HOUR:
        return
    lost = [one for one in found if (one.surely_estimated or 0.0) >= plan.loss and _counts(one, plan)]
    if lost:
        worst = max(lost, key=lambda one: one.surely_estimated or 0.0)
        text = (
            f"Drift has lasted for {days(longest)}, and scores promise {points(worst.estimated or 0.0)} less accuracy "
            f"in {_name(worst)} than the evaluation found, {points(worst.surely_estimated or 0.0)} at least; "
            f"{points(plan.loss)} start a training.{_others(lost, worst)}"
        )
        yield Trigger(
            kind="drift", text=text, languages=_languages(lost), value=worst.surely_estimated, limit=plan.loss
        )


def _counts(one: Loss, plan: RetrainingSpec) -> bool:
    return one.language == ALL or (one.drifted_hours or -1.0) >= plan.drift_hours


def _quality(plan: RetrainingSpec, found: Sequence[Loss]) -> Iterator[Trigger]:
    below = [one for one in found if one.is_below] if plan.quality else []
    lost = [one for one in found if (one.surely or 0.0) >= plan.loss > 0]
    if below:
        worst = min(below, key=lambda one: (one.accuracy.high if one.accuracy else 1.0) - one.objective)
        yield _quality_trigger(worst, below, f"the objective is {percent(worst.objective)}", worst.objective)
    if lost:
        worst = max(lost, key=lambda one: one.surely or 0.0)
        evaluated = worst.evaluated.value if worst.evaluated else 0.0
        limit = evaluated - plan.loss
        text = f"the evaluation found {percent(evaluated)}, and a fall of {points(plan.loss)} starts a training"
        yield _quality_trigger(worst, lost, text, limit)


def _quality_trigger(worst: Loss, several: Sequence[Loss], than: str, limit: float) -> Trigger:
    accuracy = worst.accuracy
    value, high = (accuracy.value, accuracy.high) if accuracy else (0.0, 1.0)
    text = (
        f"Accuracy in {_name(worst)} is {percent(value)} by {counted(worst.audited, 'audited answer')}, surely below "
        f"{percent(high)}; {than}.{_others(several, worst)}"
    )
    return Trigger(kind="quality", text=text, languages=_languages(several), value=value, limit=limit)


def _age(situation: Situation, plan: RetrainingSpec, now: float) -> Iterator[Trigger]:
    age = (now - situation.trained) / DAY
    if plan.age_days and age >= plan.age_days:
        text = f"Version {situation.champion} is {age:.1f} days old; it is trained anew after {plan.age_days:g}."
        yield Trigger(kind="age", text=text, value=age, limit=plan.age_days)


def _asked(situation: Situation) -> Iterator[Trigger]:
    if situation.asked is not None:
        reason = f": {situation.asked.reason.rstrip('.')}" if situation.asked.reason else ""
        yield Trigger(kind="asked", text=f"{situation.asked.actor} asks for a training{reason}.")


def _languages(several: Sequence[Loss]) -> list[str]:
    """Empty if all traffic is among them."""
    if any(one.language == ALL for one in several):
        return []
    return sorted({name for one in several for name in one.members or (one.language,)})


def _others(several: Sequence[Loss], worst: Loss) -> str:
    names = [_name(one) for one in several if one is not worst]
    return f" The same is found in {listed(names)}." if names else ""


def _name(one: Loss) -> str:
    return NAMES.get(one.language, one.language)

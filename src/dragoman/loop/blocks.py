"""What stands against a training now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dragoman.clock import written
from dragoman.loop.budget import refusals
from dragoman.loop.calendar import is_open, next_opening
from dragoman.loop.situation import Situation
from dragoman.loop.words import counted, days
from dragoman.monitoring.times import seconds_of
from dragoman.records import Block, RetrainDecision, Trigger
from dragoman.spec import ModelSpec, RetrainingSpec

__all__ = ["APPROVAL_DAYS", "approval_of", "find_blocks", "needs_labels"]

DAY = 86_400.0
APPROVAL_DAYS = 7.0
WITHOUT_LABELS = ("age", "asked")  # triggers of trainings that need no new labels


def find_blocks(
    situation: Situation, spec: ModelSpec, plan: RetrainingSpec, triggers: Sequence[Trigger], *, now: float
) -> list[Block]:
    """Everything that stands against one at `now`, but for the approval that the plan may ask for."""
    return [
        *_under_way(situation),
        *(_too_few(situation, plan) if needs_labels(triggers) else ()),
        *_cooldown(situation, plan, now),
        *_calendar(plan, now),
        *refusals(spec.budget, situation.past, situation.estimate, situation.prices, now=now),
    ]


def needs_labels(triggers: Sequence[Trigger]) -> bool:
    """Whether a training for these reasons would have nothing to learn without new labels."""
    return not any(one.kind in WITHOUT_LABELS for one in triggers)


def approval_of(situation: Situation, *, now: float) -> RetrainDecision | None:
    """The decision whose approval holds: for this champion, at most 7 days old, and not used by a training yet."""
    last = max(situation.begun, default=0.0)
    for one in situation.decisions:
        decided = seconds_of(one.time)
        holds = last < decided <= now <= decided + APPROVAL_DAYS * DAY
        if one.approved_by and one.champion == situation.champion and holds and one.verdict == "ask":
            return one
    return None


def _under_way(situation: Situation) -> Iterator[Block]:
    if situation.job:
        yield Block(kind="running", text=f"The training {situation.job} is not over; its end is waited for.")
    if situation.release:
        text = f"The release {situation.release} is not over; when it ends, it is decided for the champion of then."
        yield Block(kind="release", text=text)


def _too_few(situation: Situation, plan: RetrainingSpec) -> Iterator[Block]:
    """Labels that repeat what the model said are not learned from, so they do not count."""
    collected, new = situation.collected, situation.fresh
    if new >= plan.fewest_labels:
        return
    tried = f" beside {situation.tried:,} of a training whose version was not released" if situation.tried else ""
    yield Block(
        kind="labels",
        text=f"Only {counted(new, 'new label')} can be learned from{tried}, and {plan.fewest_labels:,} are needed: "
        f"`dragoman labels queue {situation.model}` shows what to label.",
    )
    echoes = [one for one in collected.echoes if one.held] if collected else []
    held = sum(one.held for one in echoes)
    if echoes and new + held >= plan.fewest_labels:
        worst = max(echoes, key=lambda one: one.held)
        yield Block(
            kind="echo",
            text=f"{counted(held, 'label')} do not count because they repeat the model's answers: those of "
            f"'{worst.source}' agree with {worst.agreement:.1%} of them, and audits find {worst.expected:.1%} right. "
            "Let people label without seeing the answer, or take the source out of `retraining.sources`.",
        )


def _cooldown(situation: Situation, plan: RetrainingSpec, now: float) -> Iterator[Block]:
    last = max([situation.trained, *situation.begun])
    until = last + plan.cooldown_days * DAY
    if now < until:
        text = f"The last training was {days(now - last)} ago; {plan.cooldown_days:g} days must lie between two."
        yield Block(kind="cooldown", text=text, until=written(until))


def _calendar(plan: RetrainingSpec, now: float) -> Iterator[Block]:
    if not is_open(plan.calendar, now):
        opening = written(next_opening(plan.calendar, now))
        text = f"The calendar ({', '.join(plan.calendar)}, in UTC) is closed until {opening}."
        yield Block(kind="calendar", text=text, until=opening)

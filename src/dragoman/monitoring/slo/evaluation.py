"""What objectives say at a moment: how much budget is left, how fast it burns, and what somebody must know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from dragoman.monitoring.slo.absence import Absence, absence_of
from dragoman.monitoring.slo.burn_rules import BurnRule, burn_rules, in_words
from dragoman.monitoring.slo.evidence import evidence
from dragoman.monitoring.slo.objectives import Objective, objectives_of
from dragoman.monitoring.slo.onset import onset_of
from dragoman.monitoring.slo.sentences import absence_sentence, burn_sentence
from dragoman.monitoring.slo.timeline import Sums, Timeline
from dragoman.monitoring.times import stamp
from dragoman.records import BurnRate, SloView, Symptom, Verdict
from dragoman.spec import ModelSpec

__all__ = ["Evaluation", "evaluate"]

DAY = 1_440  # minutes
SURE = 4.6  # evidence that a share is above the budget: by chance in one of a hundred cases


class Evaluation(NamedTuple):
    """The objectives of a model at a moment."""

    views: list[SloView]  # one per objective, those over all languages first
    symptoms: list[Symptom]  # that hold now


class Window(NamedTuple):
    """What happened in the minutes before now."""

    minutes: int
    total: int
    bad: int

    def burn_rate(self, budget: float) -> float | None:
        return self.bad / (budget * self.total) if self.total else None


class State(NamedTuple):
    """One objective at a moment."""

    objective: Objective
    period: Window
    windows: dict[int, Window]  # by their length
    firing: list[BurnRule]  # the most urgent first

    @property
    def left(self) -> float | None:
        """The share of the budget that is left; None without events."""
        burnt = self.period.burn_rate(self.objective.budget)
        return None if burnt is None else 1.0 - burnt


def evaluate(spec: ModelSpec, timeline: Timeline, *, now: float, up_since: float = 0.0) -> Evaluation:
    """Judge all objectives of a spec at `now`, in seconds since 1970. Without a history nothing holds.

    `up_since` is when this server began to count: absence is judged only from then on.
    """
    sums = timeline.sums(now)
    states = [_state(objective, sums) for objective in objectives_of(spec)]
    symptoms = [_burn_symptom(state, sums) for state in states if state.firing]
    return Evaluation([_view(state) for state in states], [*symptoms, *_absences(states, sums, up_since)])


def _state(objective: Objective, sums: Sums) -> State:
    rules = burn_rules(objective.budget, objective.days)
    lengths = sorted({length for rule in rules for length in (rule.short, rule.long)})
    windows = {length: _window(objective, sums, length) for length in lengths}
    firing = [rule for rule in rules if _fires(rule, windows, objective.budget)]
    return State(objective, _window(objective, sums, objective.days * DAY), windows, firing)


def _window(objective: Objective, sums: Sums, minutes: int) -> Window:
    return Window(minutes, *sums.of(objective.name, objective.language, minutes))


def _fires(rule: BurnRule, windows: dict[int, Window], budget: float) -> bool:
    """Both windows burn. A short window in which nothing happened says nothing, least of all that it is over."""
    long, short = windows[rule.long], windows[rule.short]
    burns = long.bad > rule.threshold * long.total and short.bad >= rule.threshold * short.total
    return burns and evidence(long.bad, long.total, budget) >= rule.evidence


def _burn_symptom(state: State, sums: Sums) -> Symptom:
    objective, rule = state.objective, state.firing[0]
    long = state.windows[rule.long]
    return Symptom(
        model=objective.model,
        kind="slo",
        name=objective.name,
        language=objective.language,
        severity=rule.severity,
        summary=burn_sentence(objective, rule, bad=long.bad, total=long.total, left=state.left),
        since=stamp(onset_of(objective, rule, sums)),
        evidence=_evidence(state, rule),
    )


def _evidence(state: State, rule: BurnRule) -> dict[str, Any]:
    budget, long = state.objective.budget, state.windows[rule.long]
    return {
        "goal": state.objective.goal,
        "rules": [one.words for one in state.firing],
        "bad": long.bad,
        "total": long.total,
        "burn_rate": long.burn_rate(budget),
        "factor": rule.factor,
        "log_likelihood_ratio": round(evidence(long.bad, long.total, budget), 2),
        "budget_left": state.left,
        "windows": {in_words(one.minutes): [one.bad, one.total] for one in state.windows.values()},
    }


def _absences(states: Sequence[State], sums: Sums, up_since: float) -> Iterator[Symptom]:
    """Requests that stay away, of all languages or of some, and labels where quality is promised.

    Where requests stay away altogether, nothing else is said.
    """
    for state in states:
        objective = state.objective
        if objective.name in ("availability", "quality"):
            absence = absence_of(objective, sums, up_since=up_since)
            if absence is not None:
                yield _absence_symptom(objective, absence, sums.now)
                if (objective.name, objective.language) == ("availability", ""):
                    return


def _absence_symptom(objective: Objective, absence: Absence, now: float) -> Symptom:
    is_all = (objective.name, objective.language) == ("availability", "")
    return Symptom(
        model=objective.model,
        kind="absent",
        name=objective.name,
        language=objective.language,
        severity="page" if is_all else "ticket",
        summary=absence_sentence(objective, absence),
        since=stamp(now - 60 * absence.minutes),
        evidence=absence._asdict(),
    )


def _view(state: State) -> SloView:
    objective, period = state.objective, state.period
    return SloView(
        model=objective.model,
        language=objective.language,
        objective=objective.name,
        goal=objective.goal,
        seconds=objective.seconds,
        days=objective.days,
        good=period.total - period.bad,
        bad=period.bad,
        total=period.total,
        budget=state.left,
        burn_rates=[
            BurnRate(hours=one.minutes / 60, rate=one.burn_rate(objective.budget), bad=one.bad, total=one.total)
            for one in state.windows.values()
        ],
        firing={rule.words: rule.severity for rule in state.firing},
        verdict=_verdict(state),
    )


def _verdict(state: State) -> Verdict:
    """A budget of less than one bad event can neither be kept nor overspent."""
    budget, period = state.objective.budget, state.period
    if state.firing or evidence(period.bad, period.total, budget) >= SURE:
        return "fail"
    is_kept = period.bad <= budget * period.total and budget * period.total >= 1.0
    return "pass" if is_kept else "not enough evidence"

"""Symptoms of objectives in words."""

from __future__ import annotations

from dragoman.monitoring.slo.absence import Absence
from dragoman.monitoring.slo.burn_rules import BurnRule
from dragoman.monitoring.slo.objectives import Objective

__all__ = ["absence_sentence", "burn_sentence", "duration"]

EVENTS = {
    "availability": "requests",
    "latency": "online requests",
    "quality": "labelled predictions",
    "coverage": "texts",
}
VERBS = {"availability": "failed", "quality": "were wrong", "coverage": "got no full answer"}


def burn_sentence(objective: Objective, rule: BurnRule, *, bad: int, total: int, left: float | None) -> str:
    """What happened in the rule's long window, and how long the budget lasts if it goes on."""
    share = f"{100 * bad / total:.2g}% of the {_events(objective)} {_verb(objective)} in the last {duration(rule.long)}"
    return f"{share} ({bad:,} of {total:,}); {_outlook(objective, bad / total / objective.budget, left)}."


def absence_sentence(objective: Objective, absence: Absence) -> str:
    """How long nothing came, and what there was before."""
    week = "" if absence.week_ago is None else f" and {absence.week_ago:,.0f} a week ago"
    what = _events(objective)
    return f"No {what} in the last {duration(absence.minutes)}; there were {absence.day_ago:,} a day ago{week}."


def duration(minutes: float) -> str:
    """A length of time as people say it, rounded: "90 minutes", "14 hours", "3 days"."""
    if minutes == 60:
        return "hour"
    if minutes < 120:
        return f"{minutes:.0f} minutes"
    return f"{minutes / 60:.0f} hours" if minutes < 2 * 1_440 else f"{minutes / 1_440:.0f} days"


def _events(objective: Objective) -> str:
    return EVENTS[objective.name] + (f" in {objective.language}" if objective.language else "")


def _verb(objective: Objective) -> str:
    return f"took longer than {objective.seconds:g} s" if objective.name == "latency" else VERBS[objective.name]


def _outlook(objective: Objective, burn_rate: float, left: float | None) -> str:
    whose = f"the budget of {objective.days} days"
    if left is None or left <= 0.0:
        return f"{whose} is used up"
    return f"{whose} lasts {duration(left * objective.days * 1_440 / burn_rate)} more at this rate"

"""Since when a budget burns."""

from __future__ import annotations

import numpy as np

from dragoman.monitoring.service.events import MINUTES
from dragoman.monitoring.slo.burn_rules import BurnRule
from dragoman.monitoring.slo.objectives import Objective
from dragoman.monitoring.slo.timeline import EXACT_MINUTES, Sums

__all__ = ["onset_of"]


def onset_of(objective: Objective, rule: BurnRule, sums: Sums) -> float:
    """The likeliest beginning, in seconds since 1970: where the sum of excess bad events was least (Page 1954).

    Excess is what goes beyond halfway between what is allowed and what the rule allows. Looks back twice the rule's
    long window; to the minute within a day, else to the hour.
    """
    step = 1 if 2 * rule.long <= EXACT_MINUTES else MINUTES
    events = sums.course(objective.name, objective.language, 2 * rule.long // step, step=step)
    allowed = objective.budget * (1.0 + rule.factor) / 2.0
    excess = np.cumsum(events[:, 1] - allowed * events[:, 0])
    before = int(np.argmin(np.concatenate([[0.0], excess])))
    seconds = 60 * step
    return sums.now // seconds * seconds - seconds * (len(events) - 1 - before)

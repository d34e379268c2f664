"""How surely bad events are more frequent than allowed."""

from __future__ import annotations

import math

__all__ = ["evidence"]


def evidence(bad: float, total: float, budget: float) -> float:
    """The log-likelihood ratio of the share that was seen against the share `budget`; 0 if no more than that are bad.

    If every event is bad with a probability of at most `budget`, whatever happened before it, the ratio reaches x with
    a probability of at most exp(-x) (Chernoff 1952; Hoeffding 1963, theorem 1). It needs no large numbers: it holds
    for one event as for a million. One event says at most log(1 / budget).
    """
    if not bad > budget * total:
        return 0.0
    good = total - bad
    return bad * math.log(bad / (budget * total)) + (
        good * math.log(good / ((1.0 - budget) * total)) if good > 0 else 0.0
    )

"""When a budget burns so fast that somebody must know: windows, factors, and what keeps chance from being an alert.

The windows and shares of the budget are those of the Site Reliability Workbook (Beyer et al. 2018, chapter 5). Two
things are repaired. A rule that cannot fire, because its threshold is above every share of bad events that there can
be, gets a lower threshold and a longer window, so that it still stands for the same share of the budget. And a rule
fires only if its long window has so many bad events that chance does not explain them: see `evidence`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from dragoman.records import Severity

__all__ = ["FALSE_ALARMS", "BurnRule", "burn_rules", "in_words"]

HOUR, DAY = 60, 1_440  # minutes
STEP = HOUR  # lengthened windows are whole hours, and their short ones whole multiples of five minutes
SHORT = 12  # a short window is this part of its long one

STANDARD: tuple[tuple[Severity, float, int], ...] = (
    ("page", 0.02, HOUR),
    ("page", 0.05, 6 * HOUR),
    ("ticket", 0.10, DAY),
    ("ticket", 0.10, 3 * DAY),
)
FALSE_ALARMS = (
    0.01  # per objective and 30 days, all rules together, where bad events are exactly as frequent as allowed
)
FALSE_ALARM_MINUTES = 30 * DAY


class BurnRule(NamedTuple):
    """Fires while both windows burn the budget `factor` times as fast as allowed."""

    severity: Severity
    share: float  # of the period's budget that is used up when the rule fires
    long: int  # minutes
    short: int  # minutes
    factor: float
    threshold: float  # share of bad events: `factor` times the budget
    evidence: float  # least log-likelihood ratio of the long window

    @property
    def words(self) -> str:
        """The rule as it is shown: "5m and 1h at 14.4"."""
        return f"{in_words(self.short)} and {in_words(self.long)} at {self.factor:.4g}"


def burn_rules(budget: float, days: int) -> list[BurnRule]:
    """The rules of an objective that allows the share `budget` of bad events over `days`, the most urgent first.

    A factor is at least 1, and a threshold at most halfway from the budget to all events. A window that is longer than
    the period is left out.
    """
    return [_rule(*standard, budget, days) for standard in STANDARD if standard[2] <= days * DAY]


def _rule(severity: Severity, share: float, long: int, budget: float, days: int) -> BurnRule:
    most = (1.0 + budget) / (2.0 * budget)
    wanted = share * days * DAY
    if wanted / long > most:
        long = min(days * DAY, STEP * math.ceil(wanted / most / STEP))
    factor = round(max(1.0, wanted / long), 9)
    return BurnRule(
        severity, factor * long / (days * DAY), long, long // SHORT, factor, factor * budget, least_evidence(long)
    )


def least_evidence(long: int) -> float:
    """The log-likelihood ratio that a window of `long` minutes must reach.

    Each look errs with a probability of at most exp(-evidence) (Chernoff 1952). The bound is set as if there were one
    look per window; windows overlap, so there are more, and the bound is far from being reached: measured, the rules
    together stay below `FALSE_ALARMS` (docs/slo.md).
    """
    return round(math.log(len(STANDARD) * FALSE_ALARM_MINUTES / long / FALSE_ALARMS), 2)


def in_words(minutes: int) -> str:
    """A length as Prometheus writes it: "5m", "1h", "3d", "1h30m"."""
    days, rest = divmod(minutes, DAY)
    hours, left = divmod(rest, HOUR)
    return "".join(f"{count}{unit}" for count, unit in ((days, "d"), (hours, "h"), (left, "m")) if count)

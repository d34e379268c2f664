"""From what was counted to what somebody on call would see in 30 days."""

from __future__ import annotations

import math

__all__ = ["LOOKS", "hours_until_noticed", "per_month", "upper_bound"]

LOOKS = 30 * 24  # one an hour


def per_month(alarms: int, verdicts: int, *, columns: int, languages: int) -> float:
    """Alarms in 30 days of hourly looks at `columns` in `languages`, where `verdicts` gave `alarms`.

    Each look has a window of its own, and every alarm counts: nobody holds back one that was there an hour before.
    """
    return alarms / verdicts * LOOKS * columns * languages


def upper_bound(alarms: int, verdicts: int, *, columns: int, languages: int) -> float:
    """Where none was seen: the rate of which seeing none has a probability of 5% (Hanley and Lippman-Hand 1983)."""
    assert alarms == 0
    return -math.log(0.05) / verdicts * LOOKS * columns * languages


def hours_until_noticed(share: float) -> float:
    """Mean number of hourly looks up to the first that alarms, where a look alarms with probability `share`."""
    return 1 / share if share else math.inf

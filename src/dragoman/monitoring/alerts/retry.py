"""When a message that could not be delivered is tried again, and when no more."""

from __future__ import annotations

from dragoman.monitoring.alerts.delivery import Delivery
from dragoman.monitoring.alerts.moments import later, moment_of
from dragoman.records import Notice

__all__ = ["GIVE_UP_SECONDS", "next_attempt"]

FIRST_SECONDS = 5.0
LONGEST_SECONDS = 3600.0
GIVE_UP_SECONDS = 3 * 24 * 3600.0  # after the message was written
DOUBLINGS = 20  # more than lead to the longest wait


def next_attempt(notice: Notice, delivery: Delivery, now: str, *, draw: float) -> str:
    """When a failed message is due again; empty when it is given up.

    The wait doubles with each attempt, and is shortened by up to a half by `draw`, in [0, 1), so that many messages do
    not come back at once; it is never shorter than the receiver asked for.
    """
    doubled = FIRST_SECONDS * 2.0 ** min(notice.attempts - 1, DOUBLINGS)
    wait = min(LONGEST_SECONDS, doubled) * (1 - draw / 2)
    due = later(now, seconds=max(wait, delivery.retry_after))
    is_late = moment_of(due) > moment_of(later(notice.created, seconds=GIVE_UP_SECONDS))
    return "" if is_late or delivery.outcome == "refused" else due

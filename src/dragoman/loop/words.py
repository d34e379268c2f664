"""Numbers and names as sentences about a retraining have them."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["counted", "days", "listed", "percent", "points"]

SHOWN = 5  # names before "and N more"


def percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def points(share: float) -> str:
    """A difference of two shares."""
    return f"{100 * share:.1f} points"


def days(seconds: float) -> str:
    """A length of time, in hours where it is less than two days."""
    hours = seconds / 3_600
    return f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.1f} days"


def counted(number: int, noun: str) -> str:
    """The noun is one of those that end in "s" where there are several."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """As many as a sentence can carry."""
    if len(names) > SHOWN:
        return f"{', '.join(names[:SHOWN])} and {len(names) - SHOWN} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)

"""What a finder of personal data found, missed, and took for personal data by mistake."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from bench.redaction_texts.texts import Text, Value

__all__ = ["Found", "Outcome", "Share", "outcome_of", "share_of", "wilson"]

Z = 1.959964  # 95 %
Found = tuple[str, int, int]  # kind, start, end


class Share(NamedTuple):
    """So many of so many."""

    hits: int
    total: int

    def __str__(self) -> str:
        """As percent, with Wilson's interval."""
        if not self.total:
            return "-"
        low, high = wilson(self.hits, self.total)
        return f"{100 * self.hits / self.total:.1f} ({100 * low:.1f} to {100 * high:.1f})"


class Outcome(NamedTuple):
    """One text: which values were found, what else was redacted, and how many characters of what was."""

    found: list[tuple[Value, bool]]
    alarms: list[Found]
    right_findings: int
    characters: int
    right_characters: int


def outcome_of(text: Text, findings: Sequence[Found]) -> Outcome:
    """A value is found if all of its characters are covered; a finding is an alarm if it touches no value."""
    covered = {place for _, start, end in findings for place in range(start, end)}
    personal = {place for value in text.values for place in range(value.start, value.end)}
    found = [(value, all(place in covered for place in range(value.start, value.end))) for value in text.values]
    alarms = [one for one in findings if personal.isdisjoint(range(one[1], one[2]))]
    return Outcome(found, alarms, len(findings) - len(alarms), len(covered), len(covered & personal))


def share_of(outcomes: Iterable[Outcome], wanted: Callable[[Value], bool] = lambda value: True) -> Share:
    """How many of the wanted values were found."""
    hits = [hit for outcome in outcomes for value, hit in outcome.found if wanted(value)]
    return Share(sum(hits), len(hits))


def wilson(hits: int, total: int) -> tuple[float, float]:
    """Wilson's interval for a share, 95 % (Wilson 1927)."""
    share, square = hits / total, Z * Z / total
    middle, half = share + square / 2, Z * math.sqrt(share * (1 - share) / total + square / total / 4)
    return max(0.0, (middle - half) / (1 + square)), min(1.0, (middle + half) / (1 + square))

"""What a finder of personal data found, missed, and took for personal data by mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from bench.redaction_texts.texts import Text, Value
from dragoman.training.evaluation import wilson_interval

__all__ = ["Found", "Outcome", "Share", "outcome_of", "share_of"]

Found = tuple[str, int, int]  # kind, start, end


class Share(NamedTuple):
    """So many of so many."""

    count: int
    total: int

    def __str__(self) -> str:
        """As percent, with Wilson's interval."""
        if not self.total:
            return "-"
        interval = wilson_interval(self.count, self.total)
        return f"{100 * interval.value:.1f} ({100 * interval.low:.1f} to {100 * interval.high:.1f})"


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

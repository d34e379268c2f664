"""What the online store knows of one entity in one view, and what that means at any moment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any

from dragoman.features.expressions import Aggregate, Partial
from dragoman.features.online.formulas import Formulas
from dragoman.features.online.history import (
    Version,
    counted,
    insert,
    latest_change,
    next_change,
    resolved,
)
from dragoman.features.online.rows import Kept, Served, read_kept, times_of, write_row
from dragoman.features.online.series import answer_at, packed
from dragoman.features.times import SECOND
from dragoman.store.online import Row

__all__ = ["LONG_AGO", "State", "served_answers"]

LONG_AGO = -(2**63)  # before every moment
PUSHED_MARGIN = 7 * 86_400 * SECOND  # how long a pushed event is told apart, until the source has it
Moment = tuple[int, int, int]  # of an event, of when it was known, and its place among equal ones
FOLDED = -(2**62)  # the place of the first version that was folded


class State:
    """The versions of one entity's events that may still count, and what the older ones add up to for ever.

    It gives the exact values at every moment from `since` on, until a new event comes: what lies behind every window
    is dropped only when it is written. `since` is the latest moment, as of the last writing, at which a version began
    to count; a version that begins later is kept until then.
    """

    def __init__(
        self, formulas: Formulas, versions: Iterable[Version] = (), *, base: Sequence[Any] = (), since: int = LONG_AGO
    ) -> None:
        self.formulas, self.since = formulas, since
        self.versions = list(versions)
        self.base = list(base)  # how many versions were folded, and what they come to in each lasting series

    @classmethod
    def of_events(cls, formulas: Formulas, versions: Iterable[Version], *, now: int) -> State:
        """The state of all versions of an entity's events, in order of time, availability and row."""
        state = cls(formulas, versions)
        state.settle(now)
        return state

    def push(self, one: Version, *, now: int) -> bool:
        """Take one more version. False if it is known already, and nothing changed."""
        if not insert(self.versions, one):
            return False
        self.settle(now)
        return True

    def settle(self, now: int) -> None:
        """Drop what can never count again: replaced versions, and those that lie behind every window."""
        latest = latest_change(self.versions, now)
        self.since = max(self.since, LONG_AGO if latest is None else latest)
        self.versions = resolved(self.versions, now)
        if not self.formulas.keeps_all:
            self._drop(now)

    def values(self, now: int) -> dict[str, Any]:
        """VIEW.FEATURE → value at a moment."""
        return self.formulas.features_of(served_answers(self.formulas, self._served(now), now), now)

    def row(self, now: int) -> Row:
        """As the online store holds it. `now` is the moment of the last change."""
        return write_row(self._served(now), Kept(self.versions, self.base, self.since))

    @classmethod
    def from_row(cls, formulas: Formulas, row: Row) -> State:
        """The way back. Raises `Untrusted` for a row that cannot be read."""
        kept = read_kept(row.kept)
        return cls(formulas, kept.versions, base=kept.base, since=kept.since)

    def _served(self, now: int) -> Served:
        seen = counted(self.versions, now)
        oldest = min(self.since, now) - self.formulas.longest
        live = [one for one in seen if one.time > oldest] if self.formulas.windowed else []
        moments = [(one.time, one.available, place) for place, one in enumerate(seen)]
        lasting = [
            _added(partial, series.argument, seen, moments).finish()
            for series, partial in zip(self.formulas.lasting, self._based(), strict=True)
        ]
        windowed = [packed(_answers(one.new(), one.argument, live)) for one in self.formulas.windowed]
        return Served(self.since, next_change(self.versions, now), times_of(live), windowed, lasting)

    def _based(self) -> list[Partial]:
        """Of each lasting series, what was folded."""
        partials = [series.new() for series in self.formulas.lasting]
        for partial, state in zip(partials, self.base[1:], strict=False):  # a row that folded nothing has no base
            partial.read(state)
        return partials

    def _drop(self, now: int) -> None:
        """Events behind every window; where aggregates have none, their sums stay."""
        behind = self.since - self.formulas.longest
        later = behind - PUSHED_MARGIN if self.formulas.lasting else behind
        old = [one for one in self.versions if one.time <= (later if one.pushed else behind) and one.known <= now]
        if old and self.formulas.lasting:
            self._fold(old)
        gone = set(map(id, old))
        self.versions = [one for one in self.versions if id(one) not in gone]

    def _fold(self, old: Sequence[Version]) -> None:
        """They came before all others of their moments, and in their order."""
        count = self.base[0] if self.base else 0
        moments = [(one.time, one.available, FOLDED + count + place) for place, one in enumerate(old)]
        lasting = zip(self.formulas.lasting, self._based(), strict=True)
        states = [_added(partial, series.argument, old, moments).to_state() for series, partial in lasting]
        self.base = [count + len(old), *states]


def served_answers(formulas: Formulas, served: Served, now: int) -> dict[Aggregate, Any]:
    """The value of each aggregate at a moment from `since` on, and before `until`."""
    times = served.moments
    firsts = {window: bisect_right(times, now - window) for window in formulas.windows}
    return {
        aggregate: served.lasting[place] if window is None else answer_at(served.windowed[place], firsts[window])
        for aggregate, (place, window) in formulas.reads.items()
    }


def _added(partial: Partial, argument: int, versions: Sequence[Version], moments: Sequence[Moment]) -> Partial:
    for one, moment in zip(versions, moments, strict=True):
        partial.add(one.values[argument], moment)
    return partial


def _answers(partial: Partial, argument: int, versions: Sequence[Version]) -> list[Any]:
    """The answer of the versions from each place on, and that of none at the end."""
    answer = partial.finish()
    answers = [answer]
    for place in range(len(versions) - 1, -1, -1):
        one = versions[place]
        value = one.values[argument]
        if value is not None:
            partial.add(value, (one.time, one.available, place))
            answer = partial.finish()
        answers.append(answer)
    answers.reverse()
    return answers

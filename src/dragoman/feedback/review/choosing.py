"""The tasks that are chosen for what can be learned from them, in one language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from dragoman.feedback.review.candidate import Candidate
from dragoman.feedback.review.chance import Chance
from dragoman.feedback.review.likeness import Likeness
from dragoman.feedback.review.novelty import Change, novel_first
from dragoman.records import Reason

__all__ = ["Chooser", "Chosen"]

POOL = 300  # candidates of each reason that are looked at: the first ones in its order
REASONS: tuple[Reason, ...] = ("disagreement", "uncertainty", "diversity")  # that take turns


class Chosen(NamedTuple):
    """A prediction to ask about, and why."""

    candidate: Candidate
    reason: Reason
    inclusion: float = 0.0  # of those drawn at random only


class Chooser:
    """Takes turns among the reasons, so that each has its part; passes over what is too like something asked."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        *,
        asked: Sequence[str],
        audits: Sequence[Candidate],
        similarity: float,
        chance: Chance,
        change: Change | None = None,
    ) -> None:
        by_chance = sorted(candidates, key=lambda one: (chance.of("choose", one.id), one.id))
        doubtful = sorted(by_chance, key=lambda one: -one.uncertainty)  # a stable sort: ties stay as chance has them
        self._waiting: dict[Reason, list[Candidate]] = {
            "disagreement": [one for one in by_chance if one.disagrees][:POOL],
            "uncertainty": doubtful[:POOL],
            "diversity": [one for one in by_chance if one.text][:POOL],
            "drift": novel_first(by_chance, change)[:POOL] if change is not None else [],
        }
        looked_at = [one for part in self._waiting.values() for one in part]
        self._likeness = Likeness(asked, [*looked_at, *audits])
        for one in audits:
            self._likeness.add(one)
        self._similarity, self._turn = similarity, 0

    @property
    def drifted(self) -> int:
        """How many of the pool came since the language drifted; 0 where it has not."""
        return len(self._waiting["drift"])

    def choose(self, count: int) -> list[Chosen]:
        """The next ones, fewer where there are no more that differ."""
        return self._take(count, self._next)

    def choose_drifted(self, count: int) -> list[Chosen]:
        """Those that are least like texts from before the language drifted."""
        return self._take(count, lambda: self._asked("drift"))

    def _take(self, count: int, source: Callable[[], Chosen | None]) -> list[Chosen]:
        found: list[Chosen] = []
        while len(found) < count and (one := source()) is not None:
            found.append(one)
        return found

    def _next(self) -> Chosen | None:
        for step in range(len(REASONS)):
            reason = REASONS[(self._turn + step) % len(REASONS)]
            if (one := self._asked(reason)) is not None:
                self._turn += step + 1
                return one
        return None

    def _asked(self, reason: Reason) -> Chosen | None:
        if (one := self._best(reason)) is None:
            return None
        self._likeness.add(one)
        return Chosen(one, reason)

    def _best(self, reason: Reason) -> Candidate | None:
        """The first one that is new; for diversity the one that is least like what is asked about."""
        nearest = self._likeness.nearest
        fresh: Callable[[Candidate], bool] = lambda one: nearest(one) < self._similarity  # noqa: E731 (a short name)
        if reason != "diversity":
            return next(filter(fresh, self._waiting[reason]), None)
        self._waiting[reason] = list(filter(fresh, self._waiting[reason]))
        return min(self._waiting[reason], key=nearest, default=None)

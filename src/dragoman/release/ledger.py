"""What one process has counted for a release."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np

from dragoman.records import TallyRow
from dragoman.release.harm import harms_of, quality_harm
from dragoman.release.outcome import UNKNOWN, Outcome
from dragoman.release.pace import PaceMatch
from dragoman.release.route import CHALLENGER, Arm
from dragoman.release.tally import Cell, Tally

__all__ = ["OTHER", "Ledger"]

OTHER = "other"  # languages that the model does not declare
REMEMBERED = 65_536  # inputs, and pairs that wait for their truth


class Pair(NamedTuple):
    """What both arms made of an input."""

    language: str
    champion: Outcome
    challenger: Outcome


class Ledger:
    """Tallies of harm by metric and language. Safe to share between threads.

    An input that was counted is not counted again: a text that a client repeats says nothing new. Where "und" is the
    only language, nothing is told apart.
    """

    def __init__(self, languages: Collection[str]) -> None:
        self.languages = frozenset(languages)
        self._tallies: dict[Cell, Tally] = {}
        self._paces: dict[str, PaceMatch] = {}
        self._exposed: Counter[str] = Counter()
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._pairs: OrderedDict[str, Pair] = OrderedDict()  # by the ids of both predictions
        self._random = np.random.default_rng()
        self._lock = threading.Lock()

    def paired(
        self, inputs: Sequence[Any], champion: Sequence[Outcome], challenger: Sequence[Outcome], *, step: int
    ) -> None:
        """Both arms answered the same inputs at a step of the plan, or failed to."""
        with self._lock:
            for given, mine, other in zip(inputs, champion, challenger, strict=True):
                if self._is_new(given):
                    language = self._language(other if mine.failed else mine)
                    for metric, harm in harms_of(mine, other):
                        self._add(Cell(metric, language, step), harm)
                    self._keep(Pair(language, mine, other))

    def labelled(self, prediction: str, truth: str, *, step: int) -> bool:
        """The truth of a prediction came: counts it once, and says whether both arms had answered the input."""
        with self._lock:
            pair = self._pairs.pop(prediction, None)
            if pair is None:
                return False
            for one in (pair.champion, pair.challenger):
                self._pairs.pop(one.id, None)
            self._add(Cell("quality", pair.language, step), quality_harm(pair.champion, pair.challenger, truth))
            return True

    def knows(self, prediction: str) -> bool:
        """Whether both arms answered the input of a prediction whose truth has not come."""
        with self._lock:
            return prediction in self._pairs

    def served(self, arm: Arm, outcomes: Sequence[Outcome], seconds: float, *, step: int) -> None:
        """A request of a user was answered by an arm at a step of the plan."""
        with self._lock:
            for language in map(self._language, outcomes):
                self._exposed[language] += arm == CHALLENGER
            language = self._language(outcomes[0])
            harm = self._paces.setdefault(language, PaceMatch()).add(arm, seconds)
            if harm is not None:
                self._add(Cell("latency", language, step), harm)

    def rows(self) -> list[TallyRow]:
        """All tallies, as they are stored."""
        with self._lock:
            return [tally.to_row(cell) for cell, tally in self._tallies.items()]

    def exposed(self) -> dict[str, int]:
        """Inputs of users that the challenger answered, by language."""
        with self._lock:
            return {language: count for language, count in self._exposed.items() if count}

    def _add(self, cell: Cell, harm: float) -> None:
        self._tallies.setdefault(cell, Tally()).add(harm, self._random)

    def _language(self, outcome: Outcome) -> str:
        if self.languages == {UNKNOWN}:
            return UNKNOWN
        return outcome.language if outcome.language in self.languages else OTHER

    def _keep(self, pair: Pair) -> None:
        """Keep a pair until its truth comes, or until there are too many."""
        if pair.champion.failed or pair.challenger.failed:
            return
        for one in (pair.champion, pair.challenger):
            self._pairs[one.id] = pair
        while len(self._pairs) > 2 * REMEMBERED:
            self._pairs.popitem(last=False)

    def _is_new(self, given: Any) -> bool:
        key = hash(repr(given))
        if key in self._seen:
            self._seen.move_to_end(key)
            return False
        self._seen[key] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True

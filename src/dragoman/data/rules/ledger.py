"""What was judged so far: counts and examples by rule, and where every row stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.data.batches import Place
from dragoman.data.rules.base import Outcome, RowRule, WholeRule
from dragoman.data.rules.examples import Examples
from dragoman.data.rules.masks import Mask
from dragoman.records import Unjudged, Violation

__all__ = ["Book", "RowTally"]

Ints = NDArray[np.int64]


class RowTally:
    """A rule of single rows: how many were judged, how many break it, and some of these."""

    def __init__(self, rule: RowRule) -> None:
        self.rule = rule
        self.judged = self.broken = 0
        self.examples = Examples()

    def add(self, place: Place, broken: Ints, judged: int, show: Callable[[int], str]) -> None:
        self.judged += judged
        self.broken += len(broken)
        self.examples.add(place, broken, show)

    def finish(self) -> Violation | Unjudged | None:
        """What there is to report of it."""
        rule = self.rule
        if not self.judged:
            return Unjudged(rule=rule.rule, words=rule.words, column=rule.column, why=rule.why) if rule.why else None
        if not self.broken or (self.judged - self.broken) / self.judged >= rule.mostly:
            return None
        return Violation(
            rule=rule.rule,
            words=with_share(rule.words, rule.mostly),
            column=rule.column,
            count=self.broken,
            rows=self.judged,
            examples=self.examples.rows,
        )


class _Batch(NamedTuple):
    start: int
    rows: int
    place: Place
    bad: NDArray[np.uint8]  # one bit a row


class Book:
    """Where every judged row stands, and whether it was bad: a bit a row, and 4 bytes where lines are given."""

    def __init__(self) -> None:
        self.rows = self.bad_rows = 0
        self._batches: list[_Batch] = []

    def add(self, place: Place, good: Mask) -> None:
        count = len(good)
        self._batches.append(_Batch(self.rows, count, _compact(place, count), np.packbits(~good)))
        self.rows += count
        self.bad_rows += count - int(good.sum())

    def report(self, rule: WholeRule, outcome: Outcome) -> Violation | Unjudged | None:
        """What there is to report of a rule over all rows."""
        column = ", ".join(rule.columns)
        if outcome.kept is None:
            return Unjudged(rule=rule.rule, words=rule.words, column=column, why=outcome.why)
        if outcome.kept:
            return None
        late = np.zeros(0, np.int64) if outcome.late is None else outcome.late
        return Violation(
            rule=rule.rule,
            words=with_share(rule.words, rule.mostly),
            column=column,
            count=len(late),
            rows=outcome.rows,
            observed=outcome.observed,
            examples=self._examples(late, outcome.show or str).rows,
        )

    def mark_late(self, late: Sequence[Ints]) -> None:
        """Count the rows that only all rows together show to be bad."""
        numbers = np.unique(np.concatenate([np.zeros(0, np.int64), *late]))
        for batch, inside in self._by_batch(numbers):
            bad = np.unpackbits(batch.bad, count=batch.rows)
            self.bad_rows += int((bad[inside - batch.start] == 0).sum())

    def _examples(self, numbers: Ints, show: Callable[[int], str]) -> Examples:
        examples = Examples()
        for batch, inside in self._by_batch(numbers):
            examples.add(batch.place, inside - batch.start, partial(_shown_in, show, batch.start))
        return examples

    def _by_batch(self, numbers: Ints) -> Iterator[tuple[_Batch, Ints]]:
        for batch in self._batches:
            first, last = np.searchsorted(numbers, (batch.start, batch.start + batch.rows))
            if last > first:
                yield batch, numbers[first:last]


def _shown_in(show: Callable[[int], str], start: int, row: int) -> str:
    return show(start + row)


def with_share(words: str, mostly: float) -> str:
    return words if mostly == 1 else f"{words}, in at least {mostly:.6g} of the rows"


def _compact(place: Place, count: int) -> Place:
    """The same place without lines where they follow each other, and in half the memory where they do not."""
    lines = place.lines
    if lines is None or not count:
        return place
    if (np.diff(lines) == 1).all():
        return Place(place.file, int(lines[0]))
    return place if lines.max() >= 2**31 else place._replace(lines=lines.astype(np.int32))

"""Predictions that people can be asked about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from dragoman.records import PredictionRow

__all__ = ["Candidate", "candidates_of"]


class Candidate(NamedTuple):
    """One answer of the log, and what speaks for asking about it."""

    row: PredictionRow
    disagrees: bool  # the other arm of the release answered the same request differently

    @property
    def id(self) -> str:
        return self.row.id

    @property
    def text(self) -> str:
        return self.row.text or ""

    @property
    def content(self) -> str:
        """The text; of a row of a table, its features."""
        return self.text or msgspec.json.encode(self.row.features, order="deterministic").decode()

    @property
    def uncertainty(self) -> float:
        """1 minus the margin between the two best labels: 1 where they are level, 0 where there is no doubt."""
        best, second = [*self.row.scores[:2], 0.0, 0.0][:2]
        return 1.0 - (best - second)


def candidates_of(rows: Iterable[PredictionRow], *, needs_text: bool) -> list[Candidate]:
    """The answers that users got, once each, by id: no failures, no copies for the other arm of a release.

    With `needs_text` those without a text are left out: nobody could say what they are.
    """
    answers: dict[str, PredictionRow] = {}
    others: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.error or not row.labels:
            continue
        if row.mirrored:
            others[row.request].add(row.labels[0])
        elif row.text or not needs_text:
            answers[row.id] = row
    return [_candidate(answers[id], sorted(others.get(id, ()))) for id in sorted(answers)]


def _candidate(row: PredictionRow, others: Sequence[str]) -> Candidate:
    return Candidate(row, any(label != row.labels[0] for label in others))

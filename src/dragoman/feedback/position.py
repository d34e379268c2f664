"""How far labels have been counted, and what was made of them that is not in the counts of service."""

from __future__ import annotations

import msgspec
import numpy as np

from dragoman.errors import Untrusted
from dragoman.feedback.arrivals import Arrival
from dragoman.feedback.logged import Logged
from dragoman.records import Record, Release, TallyRow
from dragoman.release.harm import quality_harm
from dragoman.release.ledger import OTHER
from dragoman.release.outcome import UNKNOWN
from dragoman.release.route import CHALLENGER
from dragoman.release.tally import Cell, Tally

__all__ = ["Compared", "Position"]

REMEMBERED = 8_192  # inputs of a release


class Compared(Record, frozen=True, kw_only=True):
    """What labels said of both arms of a release."""

    rows: list[TallyRow] = msgspec.field(default_factory=list)
    seen: list[str] = msgspec.field(default_factory=list)  # inputs: one that comes again says nothing new

    def with_truth(self, mine: Logged, other: Logged, truth: str, release: Release) -> Compared:
        """With one input whose truth came, and which both arms had answered; the same for one that was seen."""
        if mine.input in self.seen:
            return self
        champion, challenger = (other, mine) if mine.arm == CHALLENGER else (mine, other)
        harm = quality_harm(champion.outcome, challenger.outcome, truth)
        tallies = dict(map(Tally.from_row, self.rows))
        cell = Cell("quality", language_in(release, champion.language), release.step)
        tallies.setdefault(cell, Tally()).add(harm, np.random.default_rng())
        rows = [tally.to_row(cell) for cell, tally in tallies.items()]
        return Compared(rows=rows, seen=[*self.seen, mine.input][-REMEMBERED:])


class Position(Record, frozen=True, kw_only=True):
    """All labels of a version of their table were looked at, and so many rows of the next one."""

    version: int = -1
    row: int = 0
    hour: str = ""  # the newest in which something was counted: an earlier one is never opened again
    waiting: list[Arrival] = msgspec.field(default_factory=list)  # their predictions are not in the log yet
    compared: dict[str, Compared] = msgspec.field(default_factory=dict)  # by release

    def encode(self) -> bytes:
        return msgspec.json.encode(self)

    @classmethod
    def decode(cls, content: bytes) -> Position:
        """Raises `Untrusted` for what `encode` did not write."""
        try:
            return msgspec.json.decode(content, type=cls)
        except msgspec.MsgspecError:
            raise Untrusted("How far labels were counted cannot be read.", help="Restore the catalog.") from None


def language_in(release: Release, language: str) -> str:
    """Where a language counts in a release; where "und" is the only one, none is told apart."""
    if release.languages == [UNKNOWN]:
        return UNKNOWN
    return language if language in release.languages else OTHER

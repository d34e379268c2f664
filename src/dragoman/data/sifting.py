"""Rows of a source held against a contract: good rows go on, bad rows are reported, and filed where that is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from dragoman.data.batches import Place, SourceBatch
from dragoman.data.quarantine import UNREADABLE, UNREADABLE_WORDS, BadRows
from dragoman.data.rules import Checker, LateRows
from dragoman.data.sources import Refused, Source
from dragoman.records import BadRow, CheckReport, Violation
from dragoman.spec.contracts import ContractSpec

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["Judging", "Progress", "Report", "Sift"]

SHOWN_LINES = 5


class Progress(NamedTuple):
    """How far an ingest is."""

    doing: str  # "checking", "storing"
    rows: int
    share: float | None  # 0 to 1; None where nobody can know


Report = Callable[[Progress], None]


class Judging(NamedTuple):
    """A batch that was judged, remembered for rows that turn out to be bad later: 1 bit a row, and the places."""

    start: int  # number of its first row
    place: Place
    good: NDArray[np.uint8]  # bits
    rows: int

    def kept(self) -> NDArray[np.int64]:
        """Positions of the good rows."""
        return np.flatnonzero(np.unpackbits(self.good, count=self.rows))


class Sift:
    """Judges everything that comes through it. Use it in a `with` block."""

    def __init__(self, contract: ContractSpec, *, folder: Path | None, bad: BadRows | None = None) -> None:
        self.checker = Checker(contract, folder=folder, quarantine=bad is not None)
        self.bad = bad
        self.rows = self.old_rows = 0  # judged so far, and how many of them are in a version already
        self.is_old_broken = False
        self.ledger: list[Judging] = []  # of the new rows
        self._refused = 0
        self._shown: list[BadRow] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.checker.close()

    @property
    def late(self) -> tuple[LateRows, ...]:
        """Rows that turned out to be bad at the end; known after `finish`."""
        return self.checker.late

    def source(self, source: Source, report: Report) -> Iterator[pa.RecordBatch]:
        """The good rows of a source, as the contract types them."""
        for batch in source.batches(self.refuse):
            yield self.batch(batch)
            report(Progress("checking", self.rows, source.share()))

    def old_batch(self, found: SourceBatch) -> None:
        """Judge rows that are in a version already; they come before all others."""
        judged = self.checker.judge(found.batch, found.place)
        self.is_old_broken = self.is_old_broken or not bool(judged.good.all())
        self.rows += len(judged.good)
        self.old_rows = self.rows

    def batch(self, found: SourceBatch) -> pa.RecordBatch:
        """The good rows of a batch."""
        judged = self.checker.judge(found.batch, found.place)
        if self.bad is not None:
            self.ledger.append(Judging(self.rows, found.place, np.packbits(judged.good), len(judged.good)))
            if not judged.good.all():
                self.bad.judged(found.batch, found.place, judged)
        self.rows += len(judged.good)
        return judged.kept()

    def refuse(self, refused: Refused) -> None:
        """Count a line that could not be read."""
        self._refused += 1
        if len(self._shown) < SHOWN_LINES:
            self._shown.append(BadRow(file=refused.file, line=refused.line, value=refused.why))
        if self.bad is not None:
            self.bad.refused(refused)

    def can_sort_out(self, report: CheckReport) -> bool:
        """Whether new rows are to blame for everything that the report says: the others can go on without them."""
        return self.bad is not None and not self.is_old_broken and all(one.count for one in report.violations)

    def finish(self) -> CheckReport:
        """What was found; lines that could not be read are bad rows."""
        report = self.checker.finish()
        if not self._refused:
            return report
        rows = report.rows + self._refused
        unreadable = Violation(
            rule=UNREADABLE, words=UNREADABLE_WORDS, count=self._refused, rows=rows, examples=self._shown
        )
        return msgspec.structs.replace(
            report,
            rows=rows,
            bad_rows=report.bad_rows + self._refused,
            violations=[unreadable, *report.violations],
        )

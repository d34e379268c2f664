"""A contract at work: batches of rows in, judgement per row and a report over all rows out."""

from __future__ import annotations

import os
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dragoman import clock
from dragoman.data.batches import Place
from dragoman.data.rules.base import RowRule
from dragoman.data.rules.compiling import compile_contract
from dragoman.data.rules.judged import Broken, Judged, LateRows
from dragoman.data.rules.ledger import Book, RowTally
from dragoman.data.rules.rows import Rows, read_rows
from dragoman.data.rules.shown import shown, shown_at
from dragoman.errors import InvalidData
from dragoman.records import CheckReport, Unjudged, Violation
from dragoman.spec.contracts import ContractSpec

__all__ = ["Checker"]

SLICE_ROWS = 32_768  # judged at once: their texts should fit the processor's cache
SLICE_BYTES = 8_000_000
MAX_THREADS = 4

Ints = NDArray[np.int64]


class Checker:
    """Judges rows against a contract, batch by batch, in bounded memory.

    `now` is the time that freshness is measured from. `folder` takes the keys of unique columns while they are compared
    (default: the system's folder for temporary files). With `quarantine`, rules over all rows (shares, counts, unique
    keys) look only at rows that are good by themselves: what will be kept. Use it in a `with` block, from one thread.

    Raises `InvalidSpec` where a rule of the contract could never be judged.
    """

    def __init__(
        self,
        contract: ContractSpec,
        *,
        now: datetime | None = None,
        folder: Path | None = None,
        quarantine: bool = False,
    ) -> None:
        self.contract, self.quarantine = contract, quarantine
        self.late: tuple[LateRows, ...] = ()  # known after `finish`
        self._rules = compile_contract(contract, now=now or clock.utc(), folder=folder)
        self._tallies = [RowTally(rule) for rule in self._rules.each_row]
        self._book = Book()
        self._pool = ThreadPoolExecutor(min(MAX_THREADS, os.cpu_count() or 1), "contract")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def judge(self, batch: pa.RecordBatch, place: Place) -> Judged:
        """Judge the rows of a batch. Raises `InvalidData` for a batch that cannot be read as rows of the contract."""
        try:
            rows = read_rows(batch, self.contract.columns, self._pool)
        except InvalidData as error:
            raise InvalidData(f"{place.file}: {error.message}", help=error.help) from None
        good = np.ones(rows.count, dtype=bool)
        broken = []
        for tally, (positions, judged) in zip(self._tallies, self._judge_rows(rows), strict=True):
            tally.add(place, positions, judged, partial(_show, batch, tally.rule, self.contract.columns))
            if len(positions) and tally.rule.mostly == 1:
                good[positions] = False
                broken.append(Broken(tally.rule.rule, tally.rule.words, tally.rule.column, positions))
        self._fold(rows, good)
        self._book.add(place, good)
        return Judged(rows.to_batch(extras=self.contract.extra == "keep"), good, tuple(broken))

    def finish(self) -> CheckReport:
        """The report over all rows. Rows that only now turn out to be bad are in `late`. Called once, last."""
        entries = [tally.finish() for tally in self._tallies]
        late = []
        for rule in self._rules.all_rows:
            outcome = rule.finish()
            entries.append(self._book.report(rule, outcome))
            if outcome.kept is False and outcome.late is not None and rule.mostly == 1:
                late.append(LateRows(rule.rule, rule.words, ", ".join(rule.columns), outcome.late))
        self.late = tuple(late)
        self._book.mark_late([one.rows for one in late])
        self.close()
        return CheckReport(
            contract=self.contract.name or "",
            rows=self._book.rows,
            bad_rows=self._book.bad_rows,
            rules=len(entries),
            violations=[entry for entry in entries if isinstance(entry, Violation)],
            unjudged=[entry for entry in entries if isinstance(entry, Unjudged)],
        )

    def close(self) -> None:
        """Give the temporary files and threads back. Called by `finish` and at the end of the `with` block."""
        self._pool.shutdown()
        for rule in self._rules.all_rows:
            rule.close()

    def _judge_rows(self, rows: Rows) -> list[tuple[Ints, int]]:
        """For each rule the positions of the rows that break it, and how many were judged."""
        size = _slice_rows(rows)
        starts = range(0, rows.count, size)
        if not starts:
            return [(np.zeros(0, np.int64), 0)] * len(self._tallies)
        judged = list(self._pool.map(lambda start: self._judge_slice(rows, start, start + size), starts))
        return [
            (np.concatenate([positions for positions, _ in one]), sum(count for _, count in one))
            for one in zip(*judged, strict=True)
        ]

    def _judge_slice(self, rows: Rows, start: int, stop: int) -> list[tuple[Ints, int]]:
        part = rows.slice(start, stop)
        found = []
        for rule in self._rules.each_row:
            marks = rule.judge(part)
            judged = part.count if marks.judged is None else int(np.count_nonzero(marks.judged))
            found.append((np.flatnonzero(marks.broken) + start, judged))
        return found

    def _fold(self, rows: Rows, good: NDArray[np.bool_]) -> None:
        numbers = np.arange(self._book.rows, self._book.rows + rows.count)
        if self.quarantine and not good.all():
            rows, numbers = rows.filter(good), numbers[good]
        for rule in self._rules.all_rows:
            rule.fold(rows, numbers)


def _slice_rows(rows: Rows) -> int:
    """How many rows to judge at once: fewer where texts are long."""
    size: int = sum(column.values.nbytes for column in rows.columns.values())
    return max(1, min(SLICE_ROWS, SLICE_BYTES * rows.count // max(size, 1)))


def _show(batch: pa.RecordBatch, rule: RowRule, known: Collection[str], row: int) -> str:
    """The values that a rule is about, as they came; of columns that should not be there, their names as well."""
    given = dict(zip(batch.schema.names, batch.columns, strict=True))
    if not rule.columns:
        extras = {name: array for name, array in given.items() if name not in known and array[row].is_valid}
        return ", ".join(f"{name} = {shown_at(array, row)}" for name, array in extras.items())
    return ", ".join(shown_at(given[name], row) if name in given else shown(None) for name in rule.columns)

"""A contract at work: batches of rows in, judgement per row and a report over all rows out."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from dragoman.data.batches import Place
from dragoman.data.rules.judged import Judged, LateRows
from dragoman.records import CheckReport
from dragoman.spec.contracts import ContractSpec

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["Checker"]


class Checker:
    """Judges rows against a contract, batch by batch, in bounded memory.

    `now` is the time that freshness is measured from. `folder` takes keys of a unique column while they are compared
    (default: the system's folder for temporary files). With `quarantine`, rules over all rows (shares, counts, unique
    keys) look only at rows that are good by themselves: what will be kept. Use it in a `with` block, from one thread.
    """

    def __init__(
        self,
        contract: ContractSpec,
        *,
        now: datetime | None = None,
        folder: Path | None = None,
        quarantine: bool = False,
    ) -> None:
        self.contract = contract
        self.late: tuple[LateRows, ...] = ()  # known after `finish`

    def __enter__(self) -> Checker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def judge(self, batch: pa.RecordBatch, place: Place) -> Judged:
        """Judge the rows of a batch."""
        return Judged(batch, np.ones(batch.num_rows, dtype=bool), ())

    def finish(self) -> CheckReport:
        """The report over all rows. Rows that only now turn out to be bad are in `late`."""
        return CheckReport(contract="", rows=0, bad_rows=0, rules=0)

    def close(self) -> None:
        """Give the temporary files back. Called by `finish` and at the end of the `with` block."""

"""Answers of the prediction log, found by their ids."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from dragoman.monitoring.prediction_log.sink import TABLE
from dragoman.release.outcome import UNKNOWN, Number, Outcome
from dragoman.store.tables import DeltaTables

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["AnswerLog", "Logged"]


class Logged(NamedTuple):
    """What the log has of one answer, as far as a truth can be compared with it."""

    id: str
    time: float  # seconds since 1970
    model: str
    version: str
    language: str
    label: str  # the best one; empty of a model of numbers
    number: Number | None
    release: str
    arm: str
    input: str  # pseudonym
    request: str  # of a copy: the id of the answer that the user got

    def is_right(self, truth: str) -> bool | None:
        """Whether the label is the truth, or the interval holds it; None where neither can be compared."""
        if self.number is None:
            return self.label == truth if self.label else None
        try:
            return self.number.holds(float(truth))
        except ValueError:  # a label of another time, when the model had another task
            return None

    @property
    def outcome(self) -> Outcome:
        numbers = () if self.number is None else (self.number,)
        return Outcome(self.language or UNKNOWN, self.label or None, id=self.id, numbers=numbers)


class AnswerLog:
    """The table `predictions` and the rows on their way there, `pending`: read before the table, or some are missed."""

    def __init__(self, tables: DeltaTables, pending: pa.Table) -> None:
        self.tables, self.pending = tables, pending

    def answers(self, ids: Collection[str], *, since: float) -> dict[str, Logged]:
        """What users got, by id: no failures, no copies. `since`, in seconds since 1970, is cut down to its day."""
        rows = self._rows("id", ids, since)
        return {one.id: one for one in rows if not one.request}

    def copies(self, ids: Collection[str], *, since: float) -> dict[str, Logged]:
        """What the other arm of a release answered to the same inputs, by the id of the answer that the user got."""
        return {one.request: one for one in self._rows("request", ids, since)}

    def _rows(self, column: str, ids: Collection[str], since: float) -> Iterator[Logged]:
        from pyarrow import compute  # heavy: serving does without it
        from pyarrow import dataset as ds

        if not ids:
            return
        missing = set(ids)
        wanted = (ds.field("date") >= datetime.fromtimestamp(since, UTC).date()) & ds.field(column).isin(list(ids))
        yield from _logged(self.pending.filter(compute.field(column).isin(list(ids))), missing, column)
        for part in self.tables.read_parts(TABLE, by="date", wanted=wanted, columns=COLUMNS):
            yield from _logged(part, missing, column)
            if not missing:
                return


COLUMNS = (
    "id",
    "time",
    "model",
    "version",
    "language",
    "labels",
    "value",
    "low",
    "high",
    "release",
    "arm",
    "input",
    "mirrored",
    "request",
    "error",
)


def _logged(rows: pa.Table, missing: set[str], column: str) -> Iterator[Logged]:
    for row in rows.select([name for name in COLUMNS if name in rows.column_names]).to_pylist():
        missing.discard(row[column])
        if row["time"] is not None and not row.get("error"):
            yield _of(row)


def _of(row: Mapping[str, Any]) -> Logged:
    value, low, high = (row.get(name) for name in ("value", "low", "high"))
    return Logged(
        id=row["id"],
        time=row["time"].timestamp(),
        model=row["model"],
        version=row["version"],
        language=row["language"] or "",
        label=(row["labels"] or [""])[0],
        number=Number(value, low, high) if value is not None and low is not None and high is not None else None,
        release=row["release"] or "",
        arm=row["arm"] or "",
        input=row["input"] or "",
        request=(row["request"] or row["id"]) if row["mirrored"] else "",
    )

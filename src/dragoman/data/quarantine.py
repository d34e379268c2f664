"""Rows that are not in a version, with what is wrong with them: the table `NAME-quarantine`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from dragoman.data.batches import Place
from dragoman.data.rules import Judged
from dragoman.data.sources import Refused
from dragoman.store.tables import DeltaTables

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["QUARANTINE", "UNREADABLE", "UNREADABLE_WORDS", "BadRows", "newest_bad_rows", "quarantine_table"]

QUARANTINE = "-quarantine"
UNREADABLE, UNREADABLE_WORDS = "readable", "every line can be read"
FLUSH_ROWS = 8_192
LONGEST_LINE = 100_000  # characters of a line that could not be read


def quarantine_table(name: str) -> str:
    """The table of a dataset's bad rows."""
    return f"{name}{QUARANTINE}"


def newest_bad_rows(tables: DeltaTables, name: str, *, last: int) -> list[dict[str, Any]]:
    """The rows of a dataset that were filed last, by time, source and line; none if none ever was."""
    import pyarrow.compute as pc  # heavy: serving does without it

    table = quarantine_table(name)
    if tables.latest(table) is None:
        return []
    order = [("time", "descending"), ("source", "ascending"), ("line", "ascending")]
    rows = tables.dataset(table)
    first = pc.select_k_unstable(rows.to_table(columns=["time", "source", "line"]), last, order)
    return list(rows.take(first).to_pylist())


class Bad(NamedTuple):
    """One row of the table."""

    rule: str  # the kinds of the rules that it breaks: "min, pattern"
    reason: str  # their words
    source: str
    line: int
    row: str  # as JSON; a line that could not be read, as it stands


class BadRows:
    """Bad rows on their way to the table. `time` is the same for all: when the ingest began."""

    def __init__(self, *, time: datetime) -> None:
        self.time = time
        self.count = 0
        self._waiting: list[Bad] = []

    def refused(self, refused: Refused) -> None:
        """A line that could not be read."""
        self._add(Bad(UNREADABLE, refused.why, refused.file, refused.line, refused.text[:LONGEST_LINE]))

    def judged(self, batch: pa.RecordBatch, place: Place, judged: Judged) -> None:
        """The rows of a batch that break rules, with the values that the source gave."""
        rules: dict[int, list[str]] = {}
        for broken in judged.broken:
            for row in broken.rows.tolist():
                rules.setdefault(row, []).append(broken.rule)
        rows = [row for row in range(len(judged.good)) if not judged.good[row]]
        reasons = judged.reasons()
        for row, values in zip(rows, _values(batch, rows), strict=True):
            kinds = ", ".join(dict.fromkeys(rules.get(row, [])))
            self._add(Bad(kinds, "; ".join(reasons.get(row, [])), place.file, place.line_of(row), values))

    def late(self, batch: pa.RecordBatch, rows: Sequence[int], whys: Sequence[Mapping[str, str]], places: Any) -> None:
        """Rows that turned out to be bad at the end: `whys` are words of rules by rule, `places` file and line."""
        for why, (file, line), values in zip(whys, places, _values(batch, rows), strict=True):
            self._add(Bad(", ".join(why), "; ".join(why.values()), file, line, values))

    def batches(self, *, is_last: bool = False) -> Iterator[pa.RecordBatch]:
        """What waits, if it is much or the last."""
        if self._waiting and (is_last or len(self._waiting) >= FLUSH_ROWS):
            waiting, self._waiting = self._waiting, []
            yield self._batch(waiting)

    def _add(self, bad: Bad) -> None:
        self.count += 1
        self._waiting.append(bad)

    def _batch(self, rows: Sequence[Bad]) -> pa.RecordBatch:
        import pyarrow as pa  # heavy: serving does without it

        times = pa.array([self.time] * len(rows), pa.timestamp("us", "UTC"))
        columns = {name: pa.array(values) for name, values in zip(Bad._fields, zip(*rows, strict=True), strict=True)}
        return pa.RecordBatch.from_arrays([times, *columns.values()], names=["time", *columns])


def _values(batch: pa.RecordBatch, rows: Sequence[int]) -> list[str]:
    """Rows as JSON; text that is no UTF-8 is escaped."""
    import pyarrow as pa  # heavy: serving does without it

    found = batch.take(pa.array(rows, pa.int64()))
    columns = {name: _plain(array) for name, array in zip(found.schema.names, found.columns, strict=True)}
    return [
        msgspec.json.encode({name: values[row] for name, values in columns.items()}, enc_hook=str).decode()
        for row in range(len(rows))
    ]


def _plain(array: pa.Array) -> list[Any]:
    import pyarrow as pa  # heavy: serving does without it

    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type) or pa.types.is_binary(array.type):
        values = array.cast(pa.large_binary()).to_pylist()
        return [None if value is None else value.decode(errors="backslashreplace") for value in values]
    return list(array.to_pylist())

"""CSV: a header, then a row a line; a field in quotes may span lines.

Where rows end is found first, by the quotes before each line feed. Blocks whose quotes all stand at the ends of
fields are read by Arrow; all others, and those that it refuses, row by row.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.data.batches import Place, SourceBatch
from dragoman.data.sources.base import Position, Refuse, Refused, refuse_all
from dragoman.data.sources.blocks import Blocks
from dragoman.data.sources.csv_dialect import CsvDialect, require_names
from dragoman.data.sources.json_lines import BadLineError
from dragoman.errors import InvalidData, InvalidInput

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["CsvFile"]

LINE_FEED, RETURN = b"\n\r"
BYTE_ORDER_MARK = "\ufeff".encode()


class Ends(NamedTuple):
    """Where the rows of a block are."""

    starts: NDArray[np.int64]  # [rows]
    stops: NDArray[np.int64]  # [rows] without the line end
    lines: NDArray[np.int64]  # [rows] line feeds of the block before each


class CsvFile:
    """A CSV file; every value is text. Implements `Source`."""

    def __init__(self, path: Path, name: str, *, dialect: CsvDialect) -> None:
        self.name, self.dialect = name, dialect
        self.names = list(dialect.names)
        self._quote, self._delimiter = dialect.quote.encode(), dialect.delimiter.encode()
        self._blocks = Blocks(path, name, cut=self._last_row_end, encoding=dialect.encoding)

    def batches(self, refuse: Refuse = refuse_all) -> Iterator[SourceBatch]:
        line = 1
        for number, whole in enumerate(self._blocks):
            block, line = whole, self._blocks.line
            if not number:
                block = whole.removeprefix(BYTE_ORDER_MARK)
            if not self.names:
                block, line = self._without_header(block, line)
            if block:
                yield from self._rows(block, line, refuse)

    def digests(self) -> dict[str, str]:
        return {self.name: self._blocks.digest}

    def positions(self) -> dict[str, Position]:
        return {}

    def share(self) -> float | None:
        return self._blocks.share

    def _rows(self, block: bytes, line: int, refuse: Refuse) -> Iterator[SourceBatch]:
        ends = self._ends(block)
        batch = self._fast(block, len(ends.starts)) if self._is_plain(block, ends) else None
        if batch is not None:
            yield SourceBatch(batch, self._place(line, ends.lines))
        else:
            yield from self._slow(block, ends, line, refuse)

    def _without_header(self, block: bytes, line: int) -> tuple[bytes, int]:
        ends = self._ends(block)
        after = int(ends.starts[1]) if len(ends.starts) > 1 else len(block)
        try:
            fields = self.dialect.fields(block[: ends.stops[0]])
            self.names = [field or "" for field in fields]
            require_names(self.names, f"{self.name}:{line}")
        except BadLineError as error:
            raise InvalidData(f"{self.name}:{line}: {error}.", help="The first row names the columns.") from None
        except InvalidInput as error:
            raise InvalidData(error.message, help=error.help) from None
        return block[after:], line + block.count(b"\n", 0, after)

    def _fast(self, block: bytes, rows: int) -> pa.RecordBatch | None:
        """The block as Arrow reads it; None if it cannot, or if it finds other rows."""
        import pyarrow as pa  # heavy: serving does without it
        from pyarrow import csv

        text, dialect = pa.string(), self.dialect
        try:
            block.decode()
            table = csv.read_csv(
                io.BytesIO(block),
                read_options=csv.ReadOptions(column_names=self.names, block_size=len(block) + 1),
                parse_options=csv.ParseOptions(
                    delimiter=dialect.delimiter, quote_char=dialect.quote, newlines_in_values=True
                ),
                convert_options=csv.ConvertOptions(
                    column_types=dict.fromkeys(self.names, text),
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                    check_utf8=False,
                ),
            )
        except (pa.ArrowInvalid, UnicodeDecodeError):
            return None
        return table.combine_chunks().to_batches()[0] if len(table) == rows else None

    def _slow(self, block: bytes, ends: Ends, line: int, refuse: Refuse) -> Iterator[SourceBatch]:
        import pyarrow as pa  # heavy: serving does without it

        rows, kept = list[list[str | None]](), list[int]()
        for number, (start, stop) in enumerate(zip(ends.starts.tolist(), ends.stops.tolist(), strict=True)):
            row = block[start:stop]
            try:
                rows.append(self._fields(row))
            except BadLineError as error:
                refuse(Refused(self.name, line + int(ends.lines[number]), f"{error}{_span(row)}", _shown(row)))
                continue
            kept.append(number)
        if rows:
            arrays = [pa.array(values, pa.string()) for values in zip(*rows, strict=True)]
            batch = pa.RecordBatch.from_arrays(arrays, names=self.names)
            yield SourceBatch(batch, self._place(line, ends.lines[kept]))

    def _fields(self, row: bytes) -> list[str | None]:
        fields = self.dialect.fields(row)
        if len(fields) != len(self.names):
            raise BadLineError(f"{len(fields)} fields, and {len(self.names)} columns")
        return fields

    def _place(self, line: int, lines: NDArray[np.int64]) -> Place:
        is_plain = len(lines) > 0 and lines[0] == 0 and lines[-1] == len(lines) - 1
        return Place(self.name, line) if is_plain else Place(self.name, lines=lines + line)

    # Rows of a block

    def _ends(self, block: bytes) -> Ends:
        """Rows end at line feeds that have an even number of quotes before them."""
        feeds = self._feeds(block)
        ends = feeds[self._is_outside(block, feeds)]
        if not len(ends) or ends[-1] < len(block) - 1:
            ends = np.append(ends, len(block))
        starts = np.concatenate([[0], ends[:-1] + 1])
        codes = np.frombuffer(block, dtype=np.uint8)
        has_return = (ends > starts) & (codes[ends - 1] == RETURN)
        return Ends(starts, ends - has_return, np.searchsorted(feeds, starts))

    def _last_row_end(self, block: bytes) -> int:
        feeds = self._feeds(block)
        ends = feeds[self._is_outside(block, feeds)]
        return int(ends[-1]) + 1 if len(ends) else 0

    def _feeds(self, block: bytes) -> NDArray[np.int64]:
        return np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == LINE_FEED)

    def _quotes(self, block: bytes) -> NDArray[np.int64]:
        if self._quote not in block:
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == ord(self._quote))

    def _is_outside(self, block: bytes, places: NDArray[np.int64]) -> NDArray[np.bool_]:
        outside: NDArray[np.bool_] = np.searchsorted(self._quotes(block), places) % 2 == 0
        return outside

    def _is_plain(self, block: bytes, ends: Ends) -> bool:
        """Whether no row is empty, and every quote stands at the end of a field or is doubled."""
        if (ends.starts >= ends.stops).any() or block.count(b"\r") != block.count(b"\r\n"):
            return False
        quotes = self._quotes(block)
        codes = np.frombuffer(b"\n" + block + b"\n", dtype=np.uint8)
        around = np.frombuffer(b"\n\r" + self._delimiter + self._quote, dtype=np.uint8)
        before, after = codes[quotes[::2]], codes[quotes[1::2] + 2]
        return len(quotes) % 2 == 0 and bool(np.isin(before, around).all() and np.isin(after, around).all())


def _span(row: bytes) -> str:
    """A quote in the wrong place makes one row of several."""
    lines = row.rstrip(b"\r\n").count(b"\n")
    return f"; the row has {lines + 1} lines" if lines else ""


def _shown(row: bytes) -> str:
    return row.decode(errors="backslashreplace")

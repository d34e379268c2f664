"""JSONL: one JSON object a line.

Blocks of plain lines are read by Arrow. It takes more than JSON allows (NaN, several objects in a line, a byte order
mark), and a line `null` ends the process; so it sees only blocks in which every line has exactly one pair of braces,
around it. All others, and those that it refuses, are read line by line.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dragoman.data.batches import Place, SourceBatch
from dragoman.data.sources.base import Columns, Position, Refuse, Refused, refuse_all
from dragoman.data.sources.blocks import Blocks
from dragoman.data.sources.json_lines import BadLineError, read_object
from dragoman.data.sources.rows import batches_of_rows

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["JsonlFile"]

LINE_FEED, RETURN, OPEN, CLOSE = b"\n\r{}"
NOT_PLAIN = (b"[", b"NaN", b"Inf")
SLOW_ROWS = 8_192


class JsonlFile:
    """A JSONL file. Implements `Source`."""

    def __init__(self, path: Path, name: str, *, columns: Columns) -> None:
        self.name, self.columns = name, columns
        self._blocks = Blocks(path, name, cut=_last_line_end)
        self._texts: set[str] = set()  # other columns that must be read as text

    def batches(self, refuse: Refuse = refuse_all) -> Iterator[SourceBatch]:
        for block in self._blocks:
            lines = block.count(b"\n") + (not block.endswith(b"\n"))
            batch = self._fast(block, lines) if _is_plain(block, lines) else None
            if batch is None:
                yield from self._slow(block, refuse)
            else:
                yield SourceBatch(batch, Place(self.name, self._blocks.line))

    def digests(self) -> dict[str, str]:
        return {self.name: self._blocks.digest}

    def positions(self) -> dict[str, Position]:
        return {}

    def share(self) -> float | None:
        return self._blocks.share

    def _fast(self, block: bytes, lines: int) -> pa.RecordBatch | None:
        """The block as Arrow reads it; None if it cannot, or if its rows are not the lines."""
        import pyarrow as pa  # heavy: serving does without it

        try:
            table = self._parsed(block)
            while times := _times_in(table, self.columns):  # Arrow takes text that looks like a time for one
                self._texts |= times
                table = self._parsed(block)
        except (pa.ArrowInvalid, UnicodeDecodeError):
            return None
        if len(table) != lines:
            return None
        absent = [name for name in self.columns if _has_nothing(table[name]) and f'"{name}"'.encode() not in block]
        return table.drop_columns(absent).combine_chunks().to_batches()[0] if lines else None

    def _parsed(self, block: bytes) -> pa.Table:
        import pyarrow as pa  # heavy: as above
        from pyarrow import json

        block.decode()
        types = {"integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
        fields = [(name, types.get(kind, pa.string())) for name, kind in self.columns.items()]
        schema = pa.schema(fields + [(name, pa.string()) for name in sorted(self._texts)])
        return json.read_json(
            io.BytesIO(block),
            read_options=json.ReadOptions(block_size=len(block) + 1),
            parse_options=json.ParseOptions(explicit_schema=schema, newlines_in_values=False),
        )

    def _slow(self, block: bytes, refuse: Refuse) -> Iterator[SourceBatch]:
        rows: list[dict[str, Any]] = []
        numbers: list[int] = []
        for number, line in enumerate(block.removesuffix(b"\n").split(b"\n"), start=self._blocks.line):
            try:
                rows.append(read_object(line))
            except BadLineError as error:
                refuse(Refused(self.name, number, str(error), line.decode(errors="backslashreplace")))
                continue
            numbers.append(number)
            if len(rows) == SLOW_ROWS:
                yield from batches_of_rows(rows, numbers, file=self.name, columns=self.columns)
                rows, numbers = [], []
        yield from batches_of_rows(rows, numbers, file=self.name, columns=self.columns)


def _last_line_end(block: bytes) -> int:
    return block.rfind(b"\n") + 1


def _is_plain(block: bytes, lines: int) -> bool:
    """Whether each line has one pair of braces, at its two ends, and nothing that Arrow reads otherwise than JSON."""
    if block.count(b"{") != lines or block.count(b"}") != lines or any(one in block for one in NOT_PLAIN):
        return False
    codes = np.frombuffer(block if block.endswith(b"\n") else block + b"\n", dtype=np.uint8)
    ends = np.flatnonzero(codes == LINE_FEED)
    starts = np.concatenate([[0], ends[:-1] + 1])
    last = codes[np.maximum(ends - 1, 0)]
    last = np.where(last == RETURN, codes[np.maximum(ends - 2, 0)], last)
    return bool(_all(codes[starts], OPEN) and _all(last, CLOSE))


def _all(codes: NDArray[np.uint8], wanted: int) -> bool:
    return bool((codes == wanted).all())


def _times_in(table: pa.Table, columns: Columns) -> set[str]:
    import pyarrow as pa  # heavy: serving does without it

    return {field.name for field in table.schema if pa.types.is_temporal(field.type) and field.name not in columns}


def _has_nothing(column: Any) -> bool:
    return bool(column.null_count == len(column))

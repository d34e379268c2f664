"""Small tables held against a contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from dragoman.data.batches import Place
from dragoman.data.rules import Checker, LateRows
from dragoman.records import CheckReport
from dragoman.spec.contract_file import parse_contract

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Checked(NamedTuple):
    good: list[bool]
    report: CheckReport
    late: tuple[LateRows, ...]
    kept: list[dict[str, Any]]
    reasons: dict[int, list[str]]

    @property
    def broken(self) -> dict[str, int]:
        """Kind of rule → how many rows break it."""
        return {one.rule: one.count for one in self.report.violations}


def check(
    contract: str, rows: pa.RecordBatch, *, cuts: Sequence[int] = (), file: str = "rows", **options: Any
) -> Checked:
    """Judge rows in batches that end at the `cuts`; row i stands in line i + 1."""
    good, kept, reasons = [], [], {}
    ends = [*sorted(min(cut, rows.num_rows) for cut in cuts), rows.num_rows]
    with Checker(parse_contract(contract), now=NOW, **options) as checker:
        for start, end in zip([0, *ends], ends, strict=False):
            judged = checker.judge(rows.slice(start, end - start), Place(file, start + 1))
            good += judged.good.tolist()
            kept += judged.kept().to_pylist()
            reasons |= {start + row: words for row, words in judged.reasons().items()}
        report = checker.finish()
    return Checked(good, report, checker.late, kept, reasons)


def batch(columns: Mapping[str, Any]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(
        {name: one if isinstance(one, pa.Array) else pa.array(one) for name, one in columns.items()}
    )


def texts(values: Sequence[str | bytes | None]) -> pa.Array:
    """Strings that need not be UTF-8: text with lone surrogates, or bytes."""
    raw = [value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value for value in values]
    binary = pa.array(raw, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(binary), binary.buffers(), binary.null_count)


def column(lines: str, name: str = "x") -> str:
    """A contract of one column."""
    return f"[columns.{name}]\n{lines}\n"


def marks(mask: Any) -> list[bool]:
    return np.asarray(mask).tolist()

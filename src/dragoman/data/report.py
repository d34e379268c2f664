"""What is in a version of a dataset, per language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dragoman.data.batches import Place
from dragoman.data.columns import coded, require_columns
from dragoman.data.duplicates import find_duplicates
from dragoman.data.duplicates.finder import NEAR
from dragoman.data.leaks import crossing_near, crossing_same, split_numbers
from dragoman.data.report_counts import Counts, count_table
from dragoman.data.report_page import report_page
from dragoman.data.report_samples import KnowingDetector, Sampled, look_at_samples
from dragoman.data.report_words import report_text
from dragoman.data.rules import Checker
from dragoman.data.thinness import balance_of, thin_reasons, usual_labels
from dragoman.records import DatasetReport, LanguageReport
from dragoman.spec.contracts import ColumnSpec, ContractSpec
from dragoman.text.langid import LangidDetector
from dragoman.text.language import UNDETERMINED

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used
    from pyarrow.dataset import Dataset

__all__ = ["KnowingDetector", "report_of", "report_page", "report_text"]

SAMPLE = 200
NOTHING = Sampled(0, {}, 0, 0, {})

Flags = NDArray[np.bool_]


def report_of(
    table: pa.Table | Dataset,
    *,
    name: str,
    text: str = "text",
    language: str = "language",
    label: str = "label",
    split: str = "split",
    near: float = NEAR,
    sample: int = SAMPLE,
    detector: KnowingDetector | None = None,
) -> DatasetReport:
    """What is in a version of a dataset; `name` says which one: "support 3".

    `text`, `language`, `label` and `split` name columns; only that of the text must be there. Texts whose n-grams have
    a Jaccard similarity of at least `near` are near-duplicates. `sample` texts of each language, chosen by digest, are
    shown to the `detector`, by default py3langid. Raises `InvalidInput` without the column of the text.
    """
    require_columns([text], table.schema)
    roles = {role: column if column in table.schema.names else "" for role, column in _roles(language, label, split)}
    counts = count_table(table, text=text, **roles, sample=sample)
    texts = table.to_table(columns=[text]) if not hasattr(table, "column") else table.select([text])
    columns = {role: _column(table, column) for role, column in roles.items()}
    marks = {"damaged": _damaged(texts, text), **_duplicates(texts.column(text), columns["split"], near=near)}
    marked = _by_language(columns["language"], len(texts), marks)
    usual = usual_labels(counts.labels)
    sampled = look_at_samples(counts.samples, detector or LangidDetector())
    return DatasetReport(
        name=name,
        rows=counts.rows,
        columns={field.name: str(field.type) for field in table.schema},
        missing=counts.missing,
        labels=counts.totals("labels"),
        splits=counts.totals("splits"),
        languages=[
            _language(counts, code, marked[code], sampled.get(code, NOTHING), usual) for code in counts.largest_first
        ],
        near=near,
        sample=sample,
    )


def _roles(language: str, label: str, split: str) -> list[tuple[str, str]]:
    return [("language", language), ("label", label), ("split", split)]


def _column(table: pa.Table | Dataset, name: str) -> pa.ChunkedArray | None:
    if not name:
        return None
    return table.column(name) if hasattr(table, "column") else table.to_table(columns=[name]).column(0)


def _language(counts: Counts, code: str, marks: dict[str, int], sampled: Sampled, usual: list[str]) -> LanguageReport:
    labels, splits, lengths = counts.labels.get(code, {}), counts.splits.get(code, {}), counts.lengths[code]
    rows = lengths.rows + lengths.missing
    return LanguageReport(
        language=code,
        rows=rows,
        labels=labels,
        splits=splits,
        lengths=lengths,
        duplicates=marks["duplicates"],
        near_duplicates=marks["near_duplicates"],
        leaking=marks["leaking"],
        damaged=marks["damaged"],
        balance=balance_of(labels, len(counts.totals("labels"))),
        **sampled._asdict(),
        thin=thin_reasons(rows, labels=labels, splits=splits, usual=usual, all_splits=counts.totals("splits")),
    )


# Marks of rows ------------------------------------------------------------------------------------------------------


def _damaged(texts: pa.Table, column: str) -> Flags:
    contract = ContractSpec(columns={column: ColumnSpec(type="string", refuse=["damage"])})
    with Checker(contract) as checker:
        good = [checker.judge(batch, Place(column)).good for batch in texts.to_batches()]
    return ~np.concatenate([np.zeros(0, dtype=np.bool_), *good])


def _duplicates(texts: pa.ChunkedArray, split: pa.ChunkedArray | None, *, near: float) -> dict[str, Flags]:
    found = find_duplicates(texts, near=near)
    is_double = np.bincount(found.same, minlength=len(texts))[found.same] > 1
    is_near = np.zeros(len(texts), dtype=np.bool_)
    is_near[found.pairs.ravel()] = True
    is_leaking = np.zeros(len(texts), dtype=np.bool_)
    if split is not None:
        splits, _ = split_numbers(split)
        is_leaking[crossing_same(found.same, splits).rows] = True
        is_leaking[crossing_near(found, splits).rows] = True
    return {"duplicates": is_double, "near_duplicates": is_near[found.same] & ~is_double, "leaking": is_leaking}


def _by_language(column: pa.ChunkedArray | None, rows: int, marks: Mapping[str, Flags]) -> dict[str, dict[str, int]]:
    """Language → how many of its rows have each mark."""
    codes, names = (np.full(rows, -1), []) if column is None else coded(column)
    codes = np.where(codes < 0, len(names), codes)
    counts = {mark: np.bincount(codes[is_marked], minlength=len(names) + 1) for mark, is_marked in marks.items()}
    found: dict[str, dict[str, int]] = {}
    for number, code in enumerate([*map(str, names), UNDETERMINED]):
        own = found.setdefault(code or UNDETERMINED, dict.fromkeys(marks, 0))
        for mark in marks:
            own[mark] += int(counts[mark][number])
    return found

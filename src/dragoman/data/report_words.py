"""A report of a dataset as text, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from dragoman.data.report_notes import NONE, agreement_of, notes_of
from dragoman.records import DatasetReport, LanguageReport

__all__ = ["report_text"]

SHOWN_SCRIPTS, SHOWN_NAMES = 2, 30


def report_text(report: DatasetReport) -> str:
    """The report as a table of languages and a few lines."""
    return "\n".join(_lines(report))


def _lines(report: DatasetReport) -> Iterator[str]:
    yield f"{report.name}: {report.rows:,} rows, {len(report.languages)} languages, {len(report.labels)} labels"
    for title, counts in (("splits", report.splits), ("labels", report.labels)):
        if counts:
            names = sorted(counts, key=lambda name: (-counts[name], name))[:SHOWN_NAMES]
            more = f" and {len(counts) - len(names):,} more" if len(names) < len(counts) else ""
            yield f"{title}: " + ", ".join(f"{name} {counts[name]:,}" for name in counts if name in names) + more
    if missing := {name: count for name, count in report.missing.items() if count}:
        yield "without a value: " + ", ".join(f"{name} {count:,}" for name, count in missing.items())
    yield ""
    yield from _table(report)
    if notes := list(notes_of(report)):
        yield ""
        yield from (f"! {note}" for note in notes)


def _table(report: DatasetReport) -> Iterator[str]:
    splits = list(report.splits)
    head = ["language", "rows", *splits, "length 5%", "50%", "95%", "script", "same", "near", "leak", "damage"]
    rows = [[*head, "balance", "detected"], *(_cells(one, splits) for one in report.languages)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    left = {0, head.index("script")}
    for row in rows:
        cells = zip(row, widths, range(len(row)), strict=True)
        yield "  ".join(f"{cell:<{width}}" if place in left else f"{cell:>{width}}" for cell, width, place in cells)


def _cells(one: LanguageReport, splits: list[str]) -> list[str]:
    lengths = (one.lengths.p05, one.lengths.p50, one.lengths.p95)
    marks = (one.duplicates, one.near_duplicates, one.leaking, one.damaged)
    return [
        one.language,
        f"{one.rows:,}",
        *(f"{one.splits.get(split, 0):,}" for split in splits),
        *(f"{length:.0f}" for length in lengths),
        "+".join(list(one.scripts)[:SHOWN_SCRIPTS]) + ("+…" if len(one.scripts) > SHOWN_SCRIPTS else ""),
        *(f"{count:,}" for count in marks),
        NONE if one.balance is None else f"{one.balance:.2f}",
        agreement_of(one.sampled, one.agreeing, one.unsure),
    ]

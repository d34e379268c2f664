"""What in a report a reader should look at first."""

from __future__ import annotations

from collections.abc import Iterator

from dragoman.data.thinness import LEAST_OF_LABEL, usual_labels
from dragoman.records import DatasetReport

__all__ = ["NONE", "agreement_of", "notes_of"]

FOREIGN = 0.05  # share of the sampled texts in another language from which it is worth a note
NONE = "-"
EVEN = 0.8  # balance of labels below which it is worth a note


def notes_of(report: DatasetReport) -> Iterator[str]:
    """Sentences, the gravest first; none if there is nothing."""
    leaking = sum(one.leaking for one in report.languages)
    if leaking:
        yield f"{_rows(leaking)} the same or a similar text in another split: scores on it flatter the model."
    damaged = {one.language: one.damaged for one in report.languages if one.damaged}
    if damaged:
        yield f"{_rows(sum(damaged.values()))} encoding damage: {_listed(damaged)}."
    for one in report.languages:
        foreign = sum(one.detected.values())
        if foreign >= FOREIGN * max(one.sampled, 1):
            yield f"{foreign} of {one.sampled} sampled texts of {one.language} look like {_listed(one.detected)}."
    for one in report.languages:
        if one.thin:
            yield f"{one.language} is thin: {'; '.join(one.thin)}."
    everywhere = usual_labels({one.language: one.labels for one in report.languages})
    if rare := sorted(set(report.labels) - set(everywhere)):
        yield f"Less than half of the languages have {LEAST_OF_LABEL} rows of {', '.join(rare)}."
    uneven = [one.language for one in report.languages if one.balance is not None and one.balance < EVEN]
    if uneven:
        yield f"Labels are uneven in {', '.join(uneven)}."


def agreement_of(sampled: int, agreeing: int, unsure: int) -> str:
    """How many of the texts that a detector is sure of are in the declared language."""
    sure = sampled - unsure
    return f"{agreeing / sure:.0%}" if sure else NONE


def _rows(count: int) -> str:
    return "1 row has" if count == 1 else f"{count:,} rows have"


def _listed(counts: dict[str, int]) -> str:
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} ({count:,})" for name, count in ranked[:5]) + (" and others" if len(ranked) > 5 else "")

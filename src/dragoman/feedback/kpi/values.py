"""What users did after the answers of each version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dragoman.feedback.joining import Span
from dragoman.feedback.kpi.exposure import Cohort, Exposure
from dragoman.feedback.kpi.trial import mean_bounds
from dragoman.feedback.tallies import ALL
from dragoman.records import Interval, KpiReport, KpiRow
from dragoman.spec import KpiSpec

__all__ = ["kpi_report", "scale_of"]

LEVEL = 0.95
NOT_DRAWN = (
    "Versions answered other subjects at other times, so a difference between them need not be theirs: "
    "`dragoman release lift` compares subjects that were drawn."
)


def kpi_report(exposure: Exposure, span: Span, kpis: Sequence[KpiSpec]) -> KpiReport:
    """A row for each number, version and language; of the span of the exposure."""
    rows = [row for kpi in kpis for row in _rows(exposure, kpi)]
    silent = [kpi.name for kpi in kpis if not exposure.has_events(kpi)]
    notes = [f"No event '{name}' has come in this time, so all its subjects wait." for name in silent]
    return KpiReport(
        model=span.model,
        since=span.since.isoformat(timespec="seconds"),
        until=span.until.isoformat(timespec="seconds"),
        level=LEVEL,
        rows=rows,
        notes=[*notes, NOT_DRAWN] if len({row.version for row in rows}) > 1 else notes,
    )


def scale_of(kpi: KpiSpec) -> float:
    """What a value of 1 stands for."""
    return kpi.most if kpi.kind == "sum" else 1.0


def _rows(exposure: Exposure, kpi: KpiSpec) -> Iterator[KpiRow]:
    outcomes, waiting = exposure.outcomes(kpi), exposure.waiting(kpi)
    for version, groups in _groups(exposure.cohorts).items():
        rows = []
        for language, places in groups.items():
            values = outcomes.values[np.isin(outcomes.cohorts, places)]
            row = KpiRow(
                kpi=kpi.name,
                version=version,
                language=language,
                subjects=len(values),
                waiting=sum(count for (place, _), count in waiting.items() if place in places),
                value=_interval(values, scale_of(kpi)) if len(values) else None,
            )
            rows.append(row)
        yield from sorted(rows, key=lambda row: (row.language != ALL, -row.subjects, -row.waiting, row.language))


def _groups(cohorts: Sequence[Cohort]) -> dict[str, dict[str, list[int]]]:
    """Places of cohorts by version, the oldest first, and by language, all together first."""
    groups: dict[str, dict[str, list[int]]] = {}
    for place, one in sorted(enumerate(cohorts), key=lambda at: (len(at[1].version), at[1])):
        own = groups.setdefault(one.version, {ALL: []})
        own[ALL].append(place)
        own[one.language] = [place]
    return groups


def _interval(values: NDArray[np.float64], scale: float) -> Interval:
    low, high = mean_bounds(values, alpha=1 - LEVEL)
    mean = float(values.mean())
    return Interval(
        value=mean * scale, low=min(low, mean) * scale, high=max(high, mean) * scale, n=len(values), level=LEVEL
    )

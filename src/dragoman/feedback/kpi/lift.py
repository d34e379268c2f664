"""What a release changed for its users: subjects that were drawn for the challenger beside those that were not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dragoman.feedback.joining import Span
from dragoman.feedback.kpi.exposure import Exposure
from dragoman.feedback.kpi.trial import Trial, draw_is_fair
from dragoman.feedback.kpi.values import scale_of
from dragoman.feedback.tallies import ALL
from dragoman.records import Interval, KpiArm, KpiLift, KpiVerdict, Release, ReleaseLift
from dragoman.spec import KpiSpec

__all__ = ["release_lift", "shared_alpha"]

LEVEL = 0.95
UNFAIR = (
    "The arms are not as large as they were drawn, so subjects of one of them are missing from the log: believe no "
    "lift before it is known why."
)
NOBODY = "No subject was given one of two arms: requests without a subject, and steps of 0 and 100%, compare nothing."


def shared_alpha(kpis: int, languages: int) -> tuple[float, float]:
    """How much of 1 - `LEVEL` an interval over all languages gets, and one of a single language.

    Numbers share it evenly. Of a number's part all languages together get a half, and each language as much of the
    other half; with one language there is nothing to share. So all intervals hold together (Bonferroni).
    """
    each = (1 - LEVEL) / max(kpis, 1)
    return (each, 0.0) if languages < 2 else (each / 2, each / 2 / languages)


def release_lift(exposure: Exposure, span: Span, release: Release, kpis: Sequence[KpiSpec]) -> ReleaseLift:
    """A row for each number over all languages, and in each language of the release where it has several."""
    rows = [row for kpi in kpis for row in _rows(exposure, release, kpi, len(kpis))]
    return ReleaseLift(
        release=release.id,
        model=release.model,
        champion=release.champion,
        challenger=release.challenger,
        since=span.since.isoformat(timespec="seconds"),
        until=span.until.isoformat(timespec="seconds"),
        level=LEVEL,
        rows=rows,
        uncompared=exposure.uncompared(),
        notes=list(_notes(exposure, kpis, rows)),
    )


def _rows(exposure: Exposure, release: Release, kpi: KpiSpec, kpis: int) -> Iterator[KpiLift]:
    outcomes, waiting = exposure.outcomes(kpi), exposure.waiting(kpi)
    drawn = (outcomes.share > 0) & (outcomes.share < 1)
    of_all, of_one = shared_alpha(kpis, len(release.languages))
    for language in [ALL, *(release.languages if of_one else [])]:
        places = [place for place, one in enumerate(exposure.cohorts) if language in (ALL, one.language)]
        waits = {arm: sum(waiting.get((place, arm), 0) for place in places) for arm in (False, True)}
        chosen = drawn & np.isin(outcomes.cohorts, places)
        trial, moved = Trial(outcomes.treated, outcomes.share, outcomes.values).of(chosen), outcomes.moved[chosen]
        yield _row(kpi, language, trial, moved, waits, alpha=of_all if language == ALL else of_one)


def _row(
    kpi: KpiSpec, language: str, trial: Trial, moved: NDArray[np.bool_], waits: Mapping[bool, int], *, alpha: float
) -> KpiLift:
    values, scale = trial.arms(), scale_of(kpi)
    champion, challenger = (
        KpiArm(
            subjects=int((trial.treated == arm).sum()),
            waiting=waits[arm],
            moved=int(moved[trial.treated == arm].sum()),
            value=None if value is None else value * scale,
        )
        for arm, value in zip((False, True), values, strict=True)
    )
    lift = _lift(trial, values, scale, alpha)
    return KpiLift(
        kpi=kpi.name,
        better=kpi.better,
        window_days=kpi.window_days,
        language=language,
        champion=champion,
        challenger=challenger,
        lift=lift,
        verdict=_verdict(kpi, lift),
    )


def _lift(trial: Trial, values: tuple[float | None, float | None], scale: float, alpha: float) -> Interval | None:
    champion, challenger = values
    if champion is None or challenger is None:
        return None
    low, high = trial.lift_bounds(alpha=alpha)
    lift = challenger - champion
    return Interval(
        value=lift * scale,
        low=min(low, lift) * scale,
        high=max(high, lift) * scale,
        n=len(trial.values),
        level=1 - alpha,
    )


def _verdict(kpi: KpiSpec, lift: Interval | None) -> KpiVerdict:
    if lift is None or lift.low <= 0 <= lift.high:
        return "not enough evidence"
    return "better" if (lift.low > 0) == (kpi.better == "higher") else "worse"


def _notes(exposure: Exposure, kpis: Sequence[KpiSpec], rows: Sequence[KpiLift]) -> Iterator[str]:
    treated, share = exposure.drawn()
    if not len(treated):
        yield NOBODY
    elif not draw_is_fair(treated, share):
        yield UNFAIR
    for kpi in kpis:
        if not exposure.has_events(kpi):
            yield f"No event '{kpi.name}' has come since the release began, so all its subjects wait."
    for row in rows:
        moved = row.champion.moved + row.challenger.moved
        if row.language == ALL and moved:
            part = moved / (row.champion.subjects + row.challenger.subjects)
            yield (
                f"'{row.kpi}': {part:.1%} of the subjects met the other version too in their {row.window_days:g} days, "
                "which makes a lift look smaller than it is."
            )

"""Quality of a version in use, language by language, from labels that come late and for a part of the answers only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from dragoman.feedback.delays import delay_curves
from dragoman.feedback.expected import expected_accuracy
from dragoman.feedback.joining import Join
from dragoman.feedback.powered import FEWEST, powered_accuracy, sampled_accuracy
from dragoman.feedback.tallies import ALL, LanguageTally, tallies
from dragoman.records import LanguageQuality, LiveQuality, Report
from dragoman.training.evaluation import wilson_interval

__all__ = ["Held", "live_quality"]

LEVEL = 0.95
NO_DRIFT = (
    "`expected` is the mean best score. It holds as long as scores mean what they meant on held-out rows: that texts "
    "have the same labels as before (no concept drift) cannot be seen without labels."
)
BIASED = "`given` counts all labels that came, whoever chose what to label; it is biased towards what people look at."
NO_SAMPLE = (
    "No prediction was drawn at random to be labelled, so there is no unbiased accuracy: only audits of the review "
    "queue are such a sample."
)
SAMPLED = (
    "`accuracy` holds if the predictions of the random sample that nobody labelled are like those that somebody did."
)


class Held(NamedTuple):
    """What held-out rows said at registration."""

    accuracy: Mapping[str, float] = {}  # language, or "all" → accuracy
    calibration_error: float = 0.0
    is_known: bool = False

    @classmethod
    def of(cls, report: Report) -> Held:
        languages = {one.language: one.accuracy.value for one in report.languages}
        return cls(languages | {ALL: report.accuracy.value}, report.calibration_error, is_known=True)


def live_quality(join: Join, *, maturity_days: float, held: Held) -> LiveQuality:
    """Quality over the span of a join. Only predictions older than `maturity_days` are measured by labels."""
    span = join.span
    mature = span.until - timedelta(days=maturity_days)
    found = tallies(join, mature=mature)
    return LiveQuality(
        model=span.model,
        version=span.version,
        since=span.since.isoformat(timespec="seconds"),
        until=span.until.isoformat(timespec="seconds"),
        maturity_days=maturity_days,
        level=LEVEL,
        languages=[language_quality(one, held) for one in found],
        delays=delay_curves(join),
        labels=join.counts(),
        notes=_notes(found, held),
    )


def language_quality(tally: LanguageTally, held: Held) -> LanguageQuality:
    """One row."""
    return LanguageQuality(
        language=tally.language,
        predictions=tally.asked.n,
        mature=tally.mature.n,
        labelled=tally.labelled,
        audited=len(tally.sample.right),
        accuracy=powered_accuracy(tally.sample, tally.mature, level=LEVEL),
        sample=sampled_accuracy(tally.sample, level=LEVEL),
        given=wilson_interval(tally.right, tally.labelled, level=LEVEL) if tally.labelled else None,
        expected=expected_accuracy(tally.asked, calibration_error=held.calibration_error, level=LEVEL),
        evaluated=held.accuracy.get(tally.language),
    )


def _notes(found: Sequence[LanguageTally], held: Held) -> list[str]:
    if not found:
        return ["The log has no prediction of this version in the window."]
    notes = [NO_DRIFT, BIASED]
    if not held.is_known:
        notes.append("The version says nothing of held-out rows: `expected` is not widened by their calibration error.")
    if not len(found[0].sample.right):
        return [*notes, NO_SAMPLE]
    few = [one.language for one in found if len(one.sample.right) < FEWEST]
    if few:
        notes.append(f"Fewer than {FEWEST} labels of the random sample, so no accuracy: {', '.join(few)}.")
    return [*notes, SAMPLED]

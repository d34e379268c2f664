"""What accuracy has been lost since the evaluation: as labels say, and as scores say before there are any.

Three families of questions are asked all the time: of all traffic, of the languages that drift, taken together, and of
each language. All of them together find a loss where there is none in at most `ALPHA` of 90 days: each family has its
share, split evenly among its questions, and each question looks at a level that holds for every look (looks.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dragoman.loop.bounds import exact_interval, mixed, sure_fall, widened
from dragoman.loop.looks import PERIOD_DAYS, look_level
from dragoman.loop.situation import Situation
from dragoman.monitoring.slo.objectives import objectives_of
from dragoman.monitoring.times import seconds_of
from dragoman.records import Interval, LanguageQuality, LiveQuality
from dragoman.spec import ModelSpec, RetrainingSpec

__all__ = ["ALL", "ALPHA", "ALPHA_ESTIMATED", "DRIFTING", "Loss", "losses"]

ALL, DRIFTING = "all", "drifting"
ALPHA = 0.04  # of 90 days in which labels find a loss that is none
ALPHA_ESTIMATED = 0.01  # the same of estimates, where the false alarms of drift are as many as the spec accepts
OF_ALL, OF_DRIFTING, OF_EACH = 0.25, 0.25, 0.5  # shares of ALPHA
HOUR, DAY = 3_600.0, 86_400.0
ALARM_DAYS = 30.0  # `drift.false_alarms` are those in so many days


class Loss(NamedTuple):
    """What is known of a language, of those that drift together, or of all. Intervals are at the questions' levels."""

    language: str  # or `ALL`, or `DRIFTING`
    share: float  # of the traffic
    predictions: int
    audited: int
    members: tuple[str, ...] = ()  # of several that drift: which
    drifted_hours: float | None = None  # None: it has not drifted
    objective: float = 0.0  # 0: none
    accuracy: Interval | None = None  # now, by labels
    evaluated: Interval | None = None  # at registration
    expected: Interval | None = None  # now, by scores
    estimated: float | None = None  # evaluated less expected
    surely_estimated: float | None = None  # at least, if scores mean what they meant

    @property
    def measured(self) -> float | None:
        """Evaluated less accuracy."""
        return self.evaluated.value - self.accuracy.value if self.evaluated and self.accuracy else None

    @property
    def surely(self) -> float | None:
        """The measured loss at least."""
        return sure_fall(self.evaluated, self.accuracy) if self.evaluated and self.accuracy else None

    @property
    def is_below(self) -> bool:
        """Whether its accuracy is surely below the objective."""
        return self.accuracy is not None and self.accuracy.high < self.objective


class Levels(NamedTuple):
    """Of the intervals of each family; of the evaluation beside an estimate."""

    whole: float
    drifting: float
    each: float
    estimated: float


def losses(situation: Situation, spec: ModelSpec, *, now: float) -> list[Loss]:
    """Of all traffic, of the languages that drift, and of each language, by its traffic; empty without live quality."""
    quality = situation.quality
    if quality is None or not quality.languages:
        return []
    return Judge(situation, spec, quality, now=now).losses()


class Judge:
    """Judges the live quality of one situation."""

    def __init__(self, situation: Situation, spec: ModelSpec, quality: LiveQuality, *, now: float) -> None:
        self.situation, self.now = situation, now
        self.rows = {row.language: row for row in quality.languages if row.predictions}
        self.drifted = {one.language: (now - one.since) / HOUR for one in situation.drifted}
        self.objectives = {one.language or ALL: one.goal for one in objectives_of(spec) if one.name == "quality"}
        self.levels = self._levels(spec, quality)

    def losses(self) -> list[Loss]:
        each = [self._of_language(row) for row in self._languages]
        return [*self._of_all(), *self._of_drifting(), *each]

    @property
    def _languages(self) -> list[LanguageQuality]:
        return [row for name, row in self.rows.items() if name != ALL]

    def _of_language(self, row: LanguageQuality) -> Loss:
        return self._loss(
            row,
            level=self.levels.each,
            evaluated=self._evaluated(row.language, self.levels.each),
            sure=self._evaluated(row.language, self.levels.estimated),
        )

    def _of_all(self) -> Iterator[Loss]:
        """The evaluation has the languages in the shares of the traffic: a change of the mix is no loss."""
        if row := self.rows.get(ALL):
            level = self.levels.whole
            yield self._loss(
                row, level=level, evaluated=self._mix(level), sure=self._mix(self.levels.estimated), goal=ALL
            )

    def _of_drifting(self) -> Iterator[Loss]:
        """Those languages together, whose labels alone may be too few."""
        level = self.levels.drifting
        rows = [row for row in self._languages if row.language in self.drifted and row.accuracy]
        pairs = [(row, self._evaluated(row.language, level)) for row in rows]
        known = [(row, found) for row, found in pairs if found]
        if not known:
            return
        predictions = sum(row.predictions for row, _ in known)
        yield Loss(
            language=DRIFTING,
            share=self._share(predictions),
            predictions=predictions,
            audited=sum(row.audited for row, _ in known),
            members=tuple(sorted(row.language for row, _ in known)),
            drifted_hours=max(self.drifted[row.language] for row, _ in known),
            accuracy=mixed([(row.predictions, widened(row.accuracy, level)) for row, _ in known if row.accuracy]),
            evaluated=mixed([(row.predictions, found) for row, found in known]),
        )

    def _loss(
        self,
        row: LanguageQuality,
        *,
        level: float,
        evaluated: Interval | None,
        sure: Interval | None,
        goal: str = "",
    ) -> Loss:
        estimated, surely = _estimate(sure, row.expected, self.situation.calibration_error)
        return Loss(
            language=row.language,
            share=self._share(row.predictions),
            predictions=row.predictions,
            audited=row.audited,
            drifted_hours=self.drifted.get(row.language),
            objective=self.objectives.get(goal or row.language, 0.0),
            accuracy=widened(row.accuracy, level) if row.accuracy else None,
            evaluated=evaluated,
            expected=row.expected,
            estimated=estimated,
            surely_estimated=surely,
        )

    def _levels(self, spec: ModelSpec, quality: LiveQuality) -> Levels:
        plan = spec.retraining or RetrainingSpec()
        questions = max((plan.loss > 0) + (plan.quality and bool(self.objectives)), 1)
        days = (seconds_of(quality.until) - seconds_of(quality.since)) / DAY - quality.maturity_days
        tests = max(len(self._languages), len(spec.counted_languages), 1)
        alarms = max(spec.drift.false_alarms * PERIOD_DAYS / ALARM_DAYS, 1.0)
        return Levels(
            whole=look_level(ALPHA * OF_ALL / questions, window_days=days),
            drifting=look_level(ALPHA * OF_DRIFTING, window_days=days),
            each=look_level(ALPHA * OF_EACH / questions / tests, window_days=days),
            estimated=1 - 2 * ALPHA_ESTIMATED / alarms / (1 + len(self.drifted)),
        )

    def _evaluated(self, language: str, level: float) -> Interval | None:
        found = self.situation.held.get(language)
        return exact_interval(found.value, found.n, n=found.n, level=level) if found and found.n else None

    def _mix(self, level: float) -> Interval | None:
        """A language that was not evaluated counts as all together did."""
        whole = self._evaluated(ALL, level)
        found = [(row.predictions, self._evaluated(row.language, level) or whole) for row in self._languages]
        parts = [(weight, one) for weight, one in found if one]
        return mixed(parts) if parts else None

    def _share(self, predictions: int) -> float:
        total = sum(row.predictions for row in self._languages)
        return predictions / total if total else 0.0


def _estimate(
    evaluated: Interval | None, expected: Interval | None, calibration_error: float
) -> tuple[float | None, float | None]:
    """The estimated loss, and what of it remains on the safe side: the calibration error is no chance, so it is taken
    off whole; the interval of `expected` has it on both sides already.
    """
    if evaluated is None or expected is None:
        return None, None
    chance = max(expected.high - calibration_error, expected.value)
    around = Interval(value=expected.value, low=expected.value, high=chance, n=expected.n, level=expected.level)
    return evaluated.value - expected.value, sure_fall(evaluated, around) - calibration_error

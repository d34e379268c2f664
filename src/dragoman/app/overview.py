"""What is shown of models at work: counts of a period, by model, version and language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dragoman.monitoring.resources.cost import CostRow, total_of
from dragoman.monitoring.service import UNKNOWN, LanguageCounts, ServiceCounts
from dragoman.monitoring.times import stamp
from dragoman.records import DriftState, LanguageView, QualityView, Verdict, VersionView
from dragoman.training.evaluation import wilson_interval

__all__ = ["Counted", "Drifts", "Period", "VersionCounts", "joined", "model_fields", "version_view"]

PARTS = 24  # of a period's course
SECONDS_PER_HOUR = 3_600.0


class Period(NamedTuple):
    """The last hours, the running one among them, and as many before."""

    hours: int
    starts: Sequence[str]  # of the hours of the period, in order
    earlier: Sequence[str]  # those of the period before
    elapsed: float  # hours that have passed of the period

    @classmethod
    def until(cls, now: float, *, hours: int) -> Period:
        """The period that ends now, in seconds since 1970."""
        running = now // SECONDS_PER_HOUR * SECONDS_PER_HOUR
        starts = [stamp(running - SECONDS_PER_HOUR * place) for place in range(2 * hours - 1, -1, -1)]
        return cls(hours, starts[hours:], starts[:hours], hours - 1 + max(now - running, 60.0) / SECONDS_PER_HOUR)

    def course(self, texts: Mapping[str, int]) -> list[int]:
        """Texts in equal parts of the period, the oldest first, from those of each hour."""
        parts = min(PARTS, self.hours)
        course = [0] * parts
        for place, start in enumerate(self.starts):
            course[place * parts // self.hours] += texts.get(start, 0)
        return course


class Counted(NamedTuple):
    """What was counted in a period, and in the one before."""

    now: ServiceCounts
    before: ServiceCounts
    texts: dict[str, dict[str, int]]  # language → hour → texts

    @classmethod
    def of(cls, hours: Mapping[str, ServiceCounts], period: Period) -> Counted:
        texts: dict[str, dict[str, int]] = {}
        for start in period.starts:
            for language, own in hours[start].languages.items() if start in hours else ():
                texts.setdefault(language, {})[start] = own.texts
        return cls(summed(hours, period.starts), summed(hours, period.earlier), texts)

    @property
    def texts_by_hour(self) -> dict[str, int]:
        """Of all languages."""
        together: Counter[str] = Counter()
        for hours in self.texts.values():
            together.update(hours)
        return together


def summed(hours: Mapping[str, ServiceCounts], starts: Sequence[str]) -> ServiceCounts:
    """The sum over those of the hours that there are."""
    together = ServiceCounts()
    for start in starts:
        if start in hours:
            together.merge(hours[start])
    return together


class Level(NamedTuple):
    """Counts of a model, a version or a language, to be shown."""

    own: LanguageCounts
    before: LanguageCounts  # of the period before
    texts: Mapping[str, int]  # by hour

    @classmethod
    def of_language(cls, counted: Counted, name: str) -> Level:
        nothing = LanguageCounts()
        own, before = counted.now.languages.get(name, nothing), counted.before.languages.get(name, nothing)
        return cls(own, before, counted.texts.get(name, {}))

    def fields(self, period: Period, cost: CostRow | None, *, whole: int, drift: DriftState | None) -> dict[str, Any]:
        """The fields of a `StateView`. `whole` are the texts of the level above."""
        own, texts = self.own, self.own.texts
        rate, rate_before = texts / period.elapsed, self.before.texts / period.hours
        return {
            "requests": own.requests + own.faults,
            "texts": texts,
            "texts_per_hour": rate,
            "share": texts / whole if whole else 0.0,
            "trend": rate / rate_before - 1.0 if rate_before else None,
            "course": period.course(self.texts),
            "tokens": own.tokens,
            "errors": own.faults,
            **{f"p{percent}_ms": _milliseconds(own, percent) for percent in (50, 95, 99)},
            "truncated": own.truncated / texts if texts else None,
            "abstained": own.abstained / texts if texts else None,
            "score": own.score,
            "cache_hits": own.cached / texts if texts else None,
            "compute_seconds": cost.compute_seconds if cost else 0.0,
            "seconds_per_1000": cost.seconds_per_1000 if cost else None,
            "cost_per_1000": cost.cost_per_1000 if cost else None,
            "quality": _quality(own),
            "drift": drift,
        }


class Drifts(NamedTuple):
    """The state of a version's signals, and of those of each language; empty where nothing is watched."""

    all: DriftState | None = None
    languages: Mapping[str, DriftState] = {}


class VersionCounts(NamedTuple):
    """What is known of a version in a period."""

    number: str
    aliases: list[str]
    counted: Counted
    drifts: Drifts
    costs: dict[str, CostRow]  # by language

    @property
    def level(self) -> Level:
        counted = self.counted
        return Level(counted.now.total(), counted.before.total(), counted.texts_by_hour)


def version_view(version: VersionCounts, period: Period, *, whole: int, declared: list[str]) -> VersionView:
    """A version with its languages, those that the model declares first without texts too; most texts first."""
    level, counted = version.level, version.counted
    met = {name for name, own in counted.now.languages.items() if own.texts or own.faults} | {*declared}
    rows = [
        LanguageView(
            language=shown_language(name),
            **Level.of_language(counted, name).fields(
                period, version.costs.get(name), whole=level.own.texts, drift=version.drifts.languages.get(name)
            ),
        )
        for name in met
    ]
    return VersionView(
        version=version.number,
        aliases=version.aliases,
        languages=sorted(rows, key=lambda row: (-row.texts, row.language)),
        **level.fields(period, total_of(version.costs.values()), whole=whole, drift=version.drifts.all),
    )


def model_fields(versions: Sequence[VersionCounts], period: Period) -> dict[str, Any]:
    """The fields of a `StateView` over all versions."""
    own, before, texts = LanguageCounts(), LanguageCounts(), Counter[str]()
    for level in (version.level for version in versions):
        own.merge(level.own)
        before.merge(level.before)
        texts.update(level.texts)
    drifts = [version.drifts.all for version in versions if version.drifts.all]
    cost = total_of(row for version in versions for row in version.costs.values())
    return Level(own, before, texts).fields(period, cost, whole=own.texts, drift=joined(drifts))


def joined(states: Sequence[DriftState]) -> DriftState | None:
    """Several states in one; None for none."""
    if not states:
        return None
    drifted = sum(state.drifted for state in states)
    signals, undecided = sum(state.signals for state in states), sum(state.undecided for state in states)
    worst = max((state.worst for state in states if state.worst), key=lambda view: view.effect or 0.0, default=None)
    verdict: Verdict = "fail" if drifted else "not enough evidence" if undecided == signals else "pass"
    return DriftState(verdict=verdict, signals=signals, drifted=drifted, undecided=undecided, worst=worst)


def _milliseconds(own: LanguageCounts, percent: int) -> float | None:
    seconds = own.total.quantile(percent / 100)
    return None if seconds is None else round(1_000 * seconds, 2)


def _quality(own: LanguageCounts) -> QualityView | None:
    labelled = own.right + own.wrong
    if not labelled:
        return None
    return QualityView(right=own.right, wrong=own.wrong, share=wilson_interval(own.right, labelled))


def shown_language(name: str) -> str:
    """The name of a language, or of what stands in its place."""
    return "unknown" if name == UNKNOWN else name

"""What is seen of models at work: the same for the terminal, HTTP and the console.

A share is a number in [0, 1], a time is UTC like "2026-11-23T05:00:00Z". None says that nothing was measured, so that
it is told apart from a zero.
"""

from __future__ import annotations

from dragoman.records.base import Record
from dragoman.records.monitoring import Alert, Severity
from dragoman.records.releases import Verdict
from dragoman.records.training import Interval

__all__ = [
    "BurnRate",
    "DriftState",
    "DriftView",
    "LanguageView",
    "ModelView",
    "MonitorView",
    "QualityView",
    "SloView",
    "SplitPart",
    "SplitView",
    "StateView",
    "VersionView",
]


class QualityView(Record, frozen=True, kw_only=True):
    """Labels that came for predictions of the period."""

    right: int
    wrong: int
    share: Interval  # of the right ones


class DriftView(Record, frozen=True, kw_only=True):
    """One signal of one language in one window, against its reference."""

    model: str
    version: str
    language: str = ""  # empty: of all, as for the language mix
    signal: str  # "tokens", "label", "language-mix"
    window_hours: float
    n: int  # texts of the window that have the signal
    p_value: float | None = None  # None: too few texts to test
    effect: float | None = None  # share of the texts that have moved to another part of the signal's range
    before: str = ""  # the reference in words
    after: str = ""  # the window in words
    verdict: Verdict  # "fail": it has drifted
    since: str = ""  # when it seems to have begun


class DriftState(Record, frozen=True, kw_only=True):
    """All signals of a version, or of one of its languages, in short."""

    verdict: Verdict  # "not enough evidence": no signal has enough texts
    signals: int  # that are watched
    drifted: int
    undecided: int  # those that lack evidence
    worst: DriftView | None = None  # the largest effect among those that drifted


class StateView(Record, frozen=True, kw_only=True):
    """What was answered in the period, how well, at what cost."""

    requests: int  # that were answered or failed; a request in several languages counts in each
    texts: int  # answered
    texts_per_hour: float
    share: float  # of the texts of the level above: languages of their version, versions of their model
    trend: float | None = None  # texts against the period before, less 1: -0.5 is half of them; None: there were none
    course: list[int] = []  # texts in equal parts of the period, oldest first
    tokens: int = 0
    errors: int = 0  # requests that failed; faults of the caller do not count
    p50_ms: float | None = None  # of answered online requests, and so below
    p95_ms: float | None = None
    p99_ms: float | None = None
    truncated: float | None = None  # share of the texts that were cut
    abstained: float | None = None  # share of the texts
    score: float | None = None  # mean of the best labels'
    cache_hits: float | None = None  # share of the texts
    compute_seconds: float = 0.0
    seconds_per_1000: float | None = None  # of compute, per 1,000 predictions
    cost_per_1000: float | None = None  # None: there is no price
    quality: QualityView | None = None  # None: no labels came
    drift: DriftState | None = None  # None: not watched

    @property
    def error_share(self) -> float | None:
        """Of the requests."""
        return self.errors / self.requests if self.requests else None


class LanguageView(StateView, frozen=True, kw_only=True):
    """One language of a version."""

    language: str


class VersionView(StateView, frozen=True, kw_only=True):
    """One version, all languages together; `drift` is over all signals of all of them, and the language mix."""

    version: str
    aliases: list[str] = []
    languages: list[LanguageView] = []


class BurnRate(Record, frozen=True, kw_only=True):
    """How fast an error budget was used up: 1 empties it exactly at the end of the period."""

    hours: float  # of the window
    rate: float | None  # None: nothing happened in it
    bad: int
    total: int


class SloView(Record, frozen=True, kw_only=True):
    """One objective of a model, over all languages or in one."""

    model: str
    language: str = ""  # empty: over all
    objective: str  # "availability", "latency", "quality" or "coverage"
    goal: float  # share of good events
    seconds: float | None = None  # what counts as slow; of latency only
    days: float  # of the period
    good: int
    bad: int
    total: int
    budget: float | None = None  # share of the error budget that is left; below 0: overspent. None: no events
    burn_rates: list[BurnRate] = []  # the shortest window first
    firing: dict[str, Severity] = {}  # rules that fire now, in words: "5m and 1h at 14.4"
    verdict: Verdict  # "fail": a rule fires or the budget is spent; "not enough evidence": too few events to say


class ModelView(StateView, frozen=True, kw_only=True):
    """One model, all versions together."""

    model: str
    owner: str = ""
    versions: list[VersionView] = []  # the one with the most texts first
    slos: list[SloView] = []  # over all languages, and per language
    alerts: list[Alert] = []  # that fire now


class MonitorView(Record, frozen=True, kw_only=True):
    """Models at work, in a period that ends now."""

    start: str
    end: str
    hours: int
    checked: str = ""  # when drift and objectives were last judged; empty: no server has done it
    currency: str = ""  # of costs
    models: list[ModelView] = []
    alerts: list[Alert] = []  # that fire now and belong to no model


class SplitPart(Record, frozen=True, kw_only=True):
    """What one language adds to the change of a metric."""

    language: str
    before_n: int
    after_n: int
    before_share: float  # of all texts
    after_share: float
    before: float | None = None  # the metric in this language; None without texts
    after: float | None = None
    mix: float  # because its share changed
    within: float  # because it changed itself
    mix_error: float = 0.0  # standard errors
    within_error: float = 0.0


class SplitView(Record, frozen=True, kw_only=True):
    """The change of a metric from one period to the next, in two parts: `after - before = mix + within`."""

    model: str
    version: str = ""
    metric: str
    hours: int  # of each period
    start: str  # of the earlier period
    middle: str
    end: str
    before: float | None = None  # None: no texts
    after: float | None = None
    mix: float = 0.0  # because languages have other shares of the texts
    within: float = 0.0  # because languages changed themselves
    mix_error: float = 0.0  # standard errors
    within_error: float = 0.0
    languages: list[SplitPart] = []  # the largest change first

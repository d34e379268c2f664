"""How old what the online rows of feature views know is: as metrics, and held against objectives."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dragoman.errors import DragomanError
from dragoman.monitoring.times import seconds_of
from dragoman.records import Record, Severity, Symptom, Watermark

__all__ = ["FreshnessCollector", "ViewFreshness", "freshness_symptoms", "length_words"]

logger = logging.getLogger(__name__)

PAGE_AT = 2.0  # times the target: what was late is not only late any more
SHOWN_DIGITS = 12
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


class ViewFreshness(Record, frozen=True, kw_only=True):
    """How fresh the online rows of one definition of a view are."""

    view: str
    digest: str
    applied: bool  # whether the definition is in force
    models: list[str]  # that read these rows
    available: str = ""  # the newest available time that the rows know; empty: none are there
    written: str = ""  # when they were brought up to date last
    age: float | None = None  # seconds since `available`
    rows: int = 0
    bytes: int | None = None  # that they take, where the store can tell
    target: float | None = None  # seconds: the strictest objective of the models; None: there is none

    @property
    def is_stale(self) -> bool:
        return self.target is not None and (self.age is None or self.age > self.target)

    @classmethod
    def of(
        cls,
        watermark: Watermark | None,
        view: str,
        digest: str,
        *,
        now: float,
        applied: bool,
        models: Sequence[str],
        bytes: int | None = None,
        target: float | None = None,
    ) -> ViewFreshness:
        """What a watermark says at `now`, in seconds since 1970; None: nothing has been materialised."""
        available = watermark.available if watermark else ""
        return cls(
            view=view,
            digest=digest,
            applied=applied,
            models=list(models),
            available=available,
            written=watermark.written if watermark else "",
            age=max(now - seconds_of(available), 0.0) if available else None,
            rows=watermark.rows if watermark else 0,
            bytes=bytes,
            target=target,
        )


def freshness_symptoms(model: str, target: float, rows: Iterable[ViewFreshness]) -> list[Symptom]:
    """What is stale for one model, whose rows may be `target` seconds old.

    A page where there are no rows at all, so that the model answers from missing values, and from twice the target on.
    """
    found = []
    for row in rows:
        if row.age is not None and row.age <= target:
            continue
        severity: Severity = "page" if row.age is None or row.age > PAGE_AT * target else "ticket"
        found.append(
            Symptom(
                model=model,
                kind="freshness",
                name=row.view,
                severity=severity,
                summary=_sentence(row, target),
                since=row.available,
                evidence={
                    "age_seconds": row.age,
                    "target_seconds": target,
                    "written": row.written,
                    "rows": row.rows,
                    "digest": row.digest[:SHOWN_DIGITS],
                },
            )
        )
    return found


def _sentence(row: ViewFreshness, target: float) -> str:
    allowed = f"{length_words(target)} are allowed"
    if row.age is None:
        return f"The view '{row.view}' has no online rows, so its features are missing; {allowed}."
    return f"The online rows of the view '{row.view}' know nothing of the last {length_words(row.age)}; {allowed}."


def length_words(seconds: float) -> str:
    """A length of time in its largest unit, with one decimal where it is short: "90 s", "3.5 h", "12 d"."""
    for size, unit in UNITS:
        if seconds >= 2 * size or size == 1:
            return f"{seconds / size:.3g} {unit}"
    raise AssertionError  # the last unit takes everything


class FreshnessCollector(Collector):
    """Shows age and number of the online rows of every view in use.

    `rows` is asked at every scrape. While catalog or store cannot be read, nothing is shown.
    """

    def __init__(self, rows: Callable[[], Sequence[ViewFreshness]]) -> None:
        self.rows = rows

    def describe(self) -> list[Metric]:
        """Names without a question to the catalog."""
        return list(_families([]))

    def collect(self) -> Iterator[Metric]:
        try:
            rows = list(self.rows())
        except DragomanError as error:
            logger.warning("The freshness of features is not in the metrics: %s", error)
            return
        yield from _families(rows)


def _families(rows: Sequence[ViewFreshness]) -> Iterator[Metric]:
    labels = ("view", "digest")
    ages = GaugeMetricFamily(
        "dragoman_feature_freshness_seconds", "Age of the newest event that the online rows know.", labels=labels
    )
    counts = GaugeMetricFamily("dragoman_feature_rows", "Entities with an online row.", labels=labels)
    for row in rows:
        place = (row.view, row.digest[:SHOWN_DIGITS])
        counts.add_metric(place, row.rows)
        if row.age is not None:
            ages.add_metric(place, row.age)
    yield ages
    yield counts

"""Review tasks as a Prometheus metric."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dragoman.clock import utc
from dragoman.errors import DragomanError
from dragoman.feedback.review.backlog import status_of
from dragoman.feedback.review.moments import written
from dragoman.records import ReviewTask

__all__ = ["MAX_SERIES", "ReviewCollector"]

logger = logging.getLogger(__name__)

MAX_SERIES = 1_000  # of model, language and status
SHOWN = timedelta(days=30)
OTHER = "other"


class ReviewCollector(Collector):
    """Shows `dragoman_review_tasks` at every scrape: tasks of the last 30 days by model, language and status.

    `tasks` gives those made since a time. Past `max_series`, the rarest languages are "other" together. While the
    catalog cannot be read nothing is shown.
    """

    def __init__(
        self,
        tasks: Callable[[str], Sequence[ReviewTask]],
        *,
        max_series: int = MAX_SERIES,
        clock: Callable[[], datetime] = utc,
    ) -> None:
        self.tasks, self.max_series, self.clock = tasks, max_series, clock

    def describe(self) -> list[Metric]:
        """Its name, without a question to the catalog."""
        return [_family()]

    def collect(self) -> Iterator[Metric]:
        now = self.clock()
        try:
            tasks = self.tasks(written(now - SHOWN))
        except DragomanError as error:
            logger.warning("Review tasks are not in the metrics: %s", error)
            return
        family = _family()
        for labels, count in sorted(self._counts(tasks, written(now)).items()):
            family.add_metric(labels, count)
        yield family

    def _counts(self, tasks: Sequence[ReviewTask], now: str) -> Counter[tuple[str, str, str]]:
        counts = Counter((task.model, task.language or "und", status_of(task, now)) for task in tasks)
        kept = dict(counts.most_common(self.max_series))
        bounded: Counter[tuple[str, str, str]] = Counter(kept)
        for (model, _, status), count in counts.items() - kept.items():
            bounded[model, OTHER, status] += count
        return bounded


def _family() -> GaugeMetricFamily:
    help = "Review tasks made in the last 30 days, by their status now."
    return GaugeMetricFamily("dragoman_review_tasks", help, labels=["model", "language", "status"])

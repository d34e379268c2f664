"""What the loop does, as Prometheus metrics."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dragoman.clock import utc
from dragoman.errors import DragomanError
from dragoman.records import Job, RetrainDecision

__all__ = ["LoopCollector", "LoopSeen"]

logger = logging.getLogger(__name__)

SHOWN_JOBS = timedelta(days=1)
SHOWN_DECISIONS = timedelta(days=30)


class LoopSeen(NamedTuple):
    """What is read for a scrape."""

    unfinished: Sequence[Job]
    recent: Sequence[Job]  # made in the last day
    decisions: Sequence[RetrainDecision]  # of the last 30 days


class LoopCollector(Collector):
    """Shows at every scrape what the catalog says of the loop; nothing while that cannot be read.

    `read` gets the times from which on jobs and decisions are wanted.
    """

    def __init__(self, read: Callable[[str, str], LoopSeen], *, clock: Callable[[], datetime] = utc) -> None:
        self.read, self.clock = read, clock

    def describe(self) -> list[Metric]:
        """Their names, without a question to the catalog."""
        return [*_families().values()]

    def collect(self) -> Iterator[Metric]:
        now = self.clock()
        try:
            seen = self.read(_written(now - SHOWN_JOBS), _written(now - SHOWN_DECISIONS))
        except DragomanError as error:
            logger.warning("The loop is not in the metrics: %s", error)
            return
        jobs = {job.id: job for job in (*seen.recent, *seen.unfinished)}.values()
        families = _families()
        _count(families["jobs"], Counter((job.kind, job.status) for job in jobs))
        _count(families["decisions"], Counter((one.model, one.verdict) for one in seen.decisions))
        _show_ages(families, list(jobs), now)
        for kind in sorted({job.kind for job in jobs}):
            spent = [job.spent for job in jobs if job.kind == kind]
            families["cpu"].add_metric([kind], sum(one.cpu_seconds for one in spent))
            families["gpu"].add_metric([kind], sum(one.gpu_seconds for one in spent))
        yield from families.values()


def _count(family: GaugeMetricFamily, counts: Counter[tuple[str, str]]) -> None:
    for labels, count in sorted(counts.items()):
        family.add_metric(labels, count)


def _show_ages(families: dict[str, GaugeMetricFamily], jobs: Sequence[Job], now: datetime) -> None:
    """How long jobs of a kind are due, and how long ago each model was looked at."""
    due: dict[str, float] = {}
    looked: dict[str, float] = {}
    for job in jobs:
        if job.status == "waiting" and (late := _since(job.due, now)) > 0:
            due[job.kind] = max(due.get(job.kind, 0.0), late)
        if job.kind == "evaluate" and job.status == "done":
            looked[job.model] = min(looked.get(job.model, float("inf")), _since(job.finished, now))
    for family, ages in (("due", due), ("evaluated", looked)):
        for label, age in sorted(ages.items()):
            families[family].add_metric([label], age)


def _since(time: str, now: datetime) -> float:
    return (now - datetime.fromisoformat(time)).total_seconds()


def _written(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _families() -> dict[str, GaugeMetricFamily]:
    return {
        "jobs": GaugeMetricFamily(
            "dragoman_loop_jobs",
            "Jobs of the loop that are not over, or were made in the last day.",
            labels=["kind", "status"],
        ),
        "due": GaugeMetricFamily(
            "dragoman_loop_oldest_due_seconds", "How long the oldest waiting job has been due.", labels=["kind"]
        ),
        "evaluated": GaugeMetricFamily(
            "dragoman_loop_evaluated_seconds", "Seconds since the loop looked at a model.", labels=["model"]
        ),
        "decisions": GaugeMetricFamily(
            "dragoman_loop_decisions",
            "Decisions of the last 30 days to retrain, or not to.",
            labels=["model", "verdict"],
        ),
        "cpu": GaugeMetricFamily(
            "dragoman_loop_cpu_seconds", "Processor time of the jobs in dragoman_loop_jobs.", labels=["kind"]
        ),
        "gpu": GaugeMetricFamily(
            "dragoman_loop_gpu_seconds", "GPU time of the jobs in dragoman_loop_jobs.", labels=["kind"]
        ),
    }

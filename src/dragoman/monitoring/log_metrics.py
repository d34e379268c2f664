"""The prediction log as Prometheus metrics: what was kept, what waits, what was shed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dragoman.monitoring.prediction_log.counters import LogStats

__all__ = ["LogCollector"]

COUNTS = {
    "appended": "Predictions given to the log.",
    "durable": "Predictions that are on the disk.",
    "committed": "Predictions that are in the table.",
    "shed": "Predictions that were not recorded: the disk is full, or too many wait.",
    "damaged": "Places in the log that were changed after they were written.",
}
LEVELS = {
    "waiting": "Predictions in memory.",
    "pending_bytes": "Bytes on the disk that are not in the table yet.",
    "pending_segments": "Files on the disk that are not in the table yet.",
}


class LogCollector(Collector):
    """Shows a log's numbers, as `dragoman_log_…`, at every scrape."""

    def __init__(self, stats: Callable[[], LogStats]) -> None:
        self.stats = stats

    def collect(self) -> Iterator[Metric]:
        stats = self.stats()
        for name, help in COUNTS.items():
            yield CounterMetricFamily(f"dragoman_log_{name}", help, value=getattr(stats, name))
        for name, help in LEVELS.items():
            yield GaugeMetricFamily(f"dragoman_log_{name}", help, value=getattr(stats, name))

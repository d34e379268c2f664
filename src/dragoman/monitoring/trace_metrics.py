"""The traces as Prometheus metrics: what was sent, and what was lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dragoman.monitoring.traces.tracer import TraceStats

__all__ = ["TraceCollector"]

COUNTS = {
    "exported": "Spans that the collector has taken.",
    "failed": "Spans that did not reach the collector.",
    "dropped": "Spans that were dropped because too many waited.",
}


class TraceCollector(Collector):
    """Shows a sink's numbers, as `dragoman_spans_…`, at every scrape."""

    def __init__(self, stats: Callable[[], TraceStats]) -> None:
        self.stats = stats

    def collect(self) -> Iterator[Metric]:
        stats = self.stats()
        for name, help in COUNTS.items():
            yield CounterMetricFamily(f"dragoman_spans_{name}", help, value=getattr(stats, name))
        yield GaugeMetricFamily("dragoman_spans_waiting", "Spans that wait to be sent.", value=stats.waiting)

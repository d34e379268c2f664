"""Delivery of alerts as Prometheus metrics: whoever watches the watcher looks here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dragoman.monitoring.alerts.lane import LaneStats

__all__ = ["CourierCollector"]

COUNTS = {
    "sent": "Messages about alerts that a receiver has taken.",
    "failed": "Attempts to deliver a message that failed.",
    "given_up": "Messages that will not be delivered: refused, too old or too many.",
}


class CourierCollector(Collector):
    """Shows a courier's numbers, as `dragoman_alert_messages_…`, by receiver, at every scrape."""

    def __init__(self, stats: Callable[[], Mapping[str, LaneStats]]) -> None:
        self.stats = stats

    def collect(self) -> Iterator[Metric]:
        stats = self.stats()
        for name, help in COUNTS.items():
            counter = CounterMetricFamily(f"dragoman_alert_messages_{name}", help, labels=["receiver"])
            for receiver, one in stats.items():
                counter.add_metric([receiver], getattr(one, name))
            yield counter
        waiting = GaugeMetricFamily(
            "dragoman_alert_messages_waiting", "Messages about alerts that wait.", labels=["receiver"]
        )
        for receiver, one in stats.items():
            waiting.add_metric([receiver], one.waiting)
        yield waiting

"""Alerts that fire, as Prometheus metrics: for rules that pass on what Dragoman itself has found."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dragoman.errors import DragomanError
from dragoman.records import Alert

__all__ = ["MAX_ALERTS", "AlertCollector"]

logger = logging.getLogger(__name__)

MAX_ALERTS = 1_000  # in one scrape; pages come first
LABELS = ("model", "version", "kind", "name", "language", "severity", "owner")


class AlertCollector(Collector):
    """Shows `dragoman_alert_firing` with the value 1 for each alert that fires and that no silence keeps back.

    Register it in a `CollectorRegistry`; `alerts` is asked at every scrape, for those that fire. While the catalog
    cannot be read, none is shown.
    """

    def __init__(self, alerts: Callable[[], Sequence[Alert]]) -> None:
        self.alerts = alerts

    def describe(self) -> list[Metric]:
        """Names without a question to the catalog: the registry asks for them when the collector is registered."""
        return [_family([])]

    def collect(self) -> Iterator[Metric]:
        try:
            firing = [one for one in self.alerts() if one.status == "firing" and not one.silence]
        except DragomanError as error:
            logger.warning("Alerts are not in the metrics: %s", error)
            return
        yield _family(sorted(firing, key=lambda one: one.severity)[:MAX_ALERTS])  # "page" is before "ticket"


def _family(alerts: Sequence[Alert]) -> Metric:
    family = GaugeMetricFamily("dragoman_alert_firing", "1 for an alert that fires.", labels=LABELS)
    for one in alerts:
        family.add_metric([getattr(one, label) for label in LABELS], 1.0)
    return family

"""Budgets as Prometheus metrics."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dragoman.errors import DragomanError
from dragoman.loop.budget import BudgetUse

__all__ = ["BudgetCollector"]

logger = logging.getLogger(__name__)

READ_EVERY = 60.0  # seconds: all runs of the models are read


class BudgetCollector(Collector):
    """Shows how much of each limit of each model is used, at most a minute old; nothing where it cannot be read."""

    def __init__(self, read: Callable[[], Sequence[BudgetUse]], *, clock: Callable[[], float] = time.monotonic) -> None:
        self.read, self.clock = read, clock
        self._uses: Sequence[BudgetUse] = ()
        self._read_at: float | None = None
        self._lock = threading.Lock()

    def describe(self) -> list[Metric]:
        """Their names, without a question to the catalog."""
        return _families(())

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            if self._read_at is None or self.clock() - self._read_at >= READ_EVERY:
                self._read_at, self._uses = self.clock(), self._read()
            uses = self._uses
        yield from _families(uses)

    def _read(self) -> Sequence[BudgetUse]:
        try:
            return self.read()
        except DragomanError as error:
            logger.warning("Budgets are not in the metrics: %s", error)
            return ()


def _families(uses: Sequence[BudgetUse]) -> list[Metric]:
    labels = ["model", "limit"]
    used = GaugeMetricFamily("dragoman_budget_used", "What trainings took of a limit in its period.", labels=labels)
    most = GaugeMetricFamily("dragoman_budget_limit", "The limit.", labels=labels)
    for one in uses:
        used.add_metric([one.model, one.limit], one.used)
        most.add_metric([one.model, one.limit], one.most)
    return [used, most]

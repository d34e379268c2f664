from __future__ import annotations

from dragoman.monitoring.metrics import Metrics
from dragoman.monitoring.trace_metrics import TraceCollector
from dragoman.monitoring.traces import TraceStats


def test_every_number_of_the_sink_is_a_metric() -> None:
    metrics = Metrics()
    metrics.add(TraceCollector(lambda: TraceStats(exported=5, failed=3, dropped=2, waiting=7)))
    lines = metrics.exposition().decode().splitlines()
    assert {line for line in lines if line.startswith("dragoman_spans")} == {
        "dragoman_spans_exported_total 5.0",
        "dragoman_spans_failed_total 3.0",
        "dragoman_spans_dropped_total 2.0",
        "dragoman_spans_waiting 7.0",
    }

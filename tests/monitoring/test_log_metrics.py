from __future__ import annotations

from dragoman.monitoring.log_metrics import LogCollector
from dragoman.monitoring.metrics import Metrics
from dragoman.monitoring.prediction_log.counters import LogStats

STATS = LogStats(
    appended=10,
    durable=7,
    committed=5,
    shed=2,
    damaged=1,
    waiting=1,
    pending_bytes=300,
    pending_segments=2,
    last_error="",
)


def test_every_number_of_the_log_is_shown() -> None:
    metrics = Metrics()
    metrics.add(LogCollector(lambda: STATS))
    lines = metrics.exposition().decode().splitlines()
    for name, value in STATS._asdict().items():
        if name != "last_error":
            suffix = "" if name.startswith(("waiting", "pending")) else "_total"
            assert f"dragoman_log_{name}{suffix} {float(value)}" in lines

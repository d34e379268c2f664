from __future__ import annotations

from dragoman.monitoring.alerts import CourierCollector, LaneStats
from dragoman.monitoring.metrics import Metrics


def test_every_number_of_a_courier_is_shown_by_receiver():
    metrics = Metrics()
    metrics.add(CourierCollector(lambda: {"hook": LaneStats(1, 2, 3, 4), "mail": LaneStats()}))
    lines = metrics.exposition().decode().splitlines()
    for name, value in {"sent_total": 1.0, "failed_total": 2.0, "given_up_total": 3.0, "waiting": 4.0}.items():
        assert f'dragoman_alert_messages_{name}{{receiver="hook"}} {value}' in lines
        assert f'dragoman_alert_messages_{name}{{receiver="mail"}} 0.0' in lines

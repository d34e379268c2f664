from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from dragoman.errors import Unavailable
from dragoman.monitoring.slo import AlertCollector
from dragoman.records import Alert


def alert(**changes: object) -> Alert:
    fields: dict[str, object] = {
        "id": "a-1", "model": "support", "kind": "drift", "name": "tokens", "language": "hi", "severity": "ticket",
        "status": "firing", "summary": "", "owner": "team", "runbook": "", "started": "", "updated": "",
    }  # fmt: skip
    return Alert(**{**fields, **changes})  # type: ignore[arg-type]


def shown(collector: AlertCollector) -> list[str]:
    registry = CollectorRegistry()
    registry.register(collector)
    return [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]


def test_an_alert_that_fires_is_one():
    (line,) = shown(AlertCollector(lambda: [alert()]))
    assert line.startswith('dragoman_alert_firing{kind="drift",language="hi",model="support",name="tokens",')
    assert line.endswith('owner="team",severity="ticket",version=""} 1.0')


def test_alerts_that_are_over_or_silenced_are_not_shown():
    assert shown(AlertCollector(lambda: [alert(status="resolved"), alert(silence="s-1")])) == []


def test_of_too_many_alerts_pages_are_shown_first():
    many = [alert(name=str(number)) for number in range(1_000)]
    lines = shown(AlertCollector(lambda: [*many, alert(severity="page")]))
    assert len(lines) == 1_000
    assert sum('severity="page"' in line for line in lines) == 1


def test_a_catalog_that_cannot_be_read_does_not_break_the_scrape(caplog):
    def unavailable() -> list[Alert]:
        raise Unavailable("The catalog does not answer.")

    assert shown(AlertCollector(unavailable)) == []
    assert "The catalog does not answer." in caplog.text

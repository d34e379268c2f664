from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from dragoman.errors import Unavailable
from dragoman.loop.budget import BudgetUse
from dragoman.loop.budget_metrics import READ_EVERY, BudgetCollector

USE = BudgetUse(model="support", limit="cpu_hours", used=9.5, most=10, unit="CPU hours", days=7)


class Reading:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.times, self.now, self.fails = 0, 0.0, False

    def __call__(self) -> list[BudgetUse]:
        self.times += 1
        if self.fails:
            raise Unavailable("The catalog does not answer.")
        return [USE]


def scraped(collector: BudgetCollector) -> str:
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry).decode()


def test_what_is_used_and_the_limit_are_shown_by_model() -> None:
    shown = scraped(BudgetCollector(Reading()))
    assert 'dragoman_budget_used{limit="cpu_hours",model="support"} 9.5' in shown
    assert 'dragoman_budget_limit{limit="cpu_hours",model="support"} 10.0' in shown


def test_the_catalog_is_asked_once_a_minute_at_most() -> None:
    read = Reading()
    collector = BudgetCollector(read, clock=lambda: read.now)
    for read.now in (0.0, READ_EVERY - 1, READ_EVERY):
        list(collector.collect())
    assert read.times == 2


def test_a_catalog_that_does_not_answer_hides_them() -> None:
    read = Reading()
    read.fails = True
    assert "support" not in scraped(BudgetCollector(read))

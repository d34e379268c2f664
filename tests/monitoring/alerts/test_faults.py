"""A process that dies at any step: nothing is lost, and what comes twice has the same id."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from tests.monitoring.alerts.world import Clock, KeepingSender, World, courier, hook, symptom

from dragoman.monitoring.alerts import AlertBook
from dragoman.monitoring.alerts.delivery import sent
from dragoman.monitoring.alerts.lane import LEASE_SECONDS
from dragoman.records import Alert, Notice
from dragoman.store.memory_catalog import MemoryCatalog

STEPS = ["before alerts", "after alerts", "before mark", "after mark", "after send", "before sent", "after sent"]


class Killed(BaseException):
    """The process is gone."""


class Dying:
    """A catalog whose process dies at a step, once."""

    def __init__(self, catalog: MemoryCatalog) -> None:
        self.catalog = catalog
        self.dies_at: Callable[[str], bool] = lambda step: False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.catalog, name)

    def step(self, name: str) -> None:
        if self.dies_at(name):
            raise Killed(name)

    def save_alerts(self, alerts: list[Alert], notices: list[Notice]) -> list[Alert]:
        self.step("before alerts")
        saved = self.catalog.save_alerts(alerts, notices)
        self.step("after alerts")
        return saved

    def save_notice(self, notice: Notice) -> Notice:
        mark = "mark" if notice.status == "sending" else "sent"
        self.step(f"before {mark}")
        saved = self.catalog.save_notice(notice)
        self.step(f"after {mark}")
        return saved


class Company:
    """Servers that follow each other on one catalog, and a receiver outside of them."""

    def __init__(self) -> None:
        self.world, self.clock = World(hook(), group_seconds=0), Clock()
        self.catalog = Dying(self.world.catalog)
        self.raw = Counter[str]()
        self.kills = 0
        self.start()

    def start(self) -> None:
        """A new process: it knows nothing but the catalog."""
        self.world.book = AlertBook(self.catalog, [hook()])  # type: ignore[arg-type]
        self.courier = courier(self.catalog, {"hook": KeepingSender(self.receive)}, self.clock)

    def receive(self, notice: Notice) -> Any:
        self.raw[notice.id] += 1
        self.catalog.step("after send")
        return sent()

    def live(self, *symptoms: Any, seconds: float) -> None:
        """Look and deliver every five seconds; who dies is followed by another one."""
        for _ in range(int(seconds / 5)):
            try:
                self.world.look(*symptoms, after=5)
                self.courier.tick()
            except Killed:
                self.kills += 1
                self.start()
            self.clock.now = self.world.now

    def check(self, *, told: int) -> None:
        """Every message arrived, each under one id."""
        notices = self.world.catalog.notices()
        assert {one.status for one in notices} == {"sent"}
        assert set(self.raw) == {one.id for one in notices}
        assert len(self.raw) == told


@pytest.mark.parametrize("step", STEPS)
def test_a_death_at_any_step_loses_nothing_and_tells_nothing_under_two_ids(step):
    company, left = Company(), [step]

    def dies(reached: str) -> bool:
        return bool(left) and reached == left[0] and bool(left.pop())

    company.catalog.dies_at = dies
    company.live(symptom(), seconds=LEASE_SECONDS + 60)
    company.live(seconds=LEASE_SECONDS + 400)
    assert company.kills == 1
    company.check(told=2)
    doubled = sum(count - 1 for count in company.raw.values())
    assert doubled == (1 if step in ("after send", "before sent") else 0)


@pytest.mark.parametrize("seed", range(10))
def test_deaths_at_random_steps_lose_nothing(seed):
    company, draw = Company(), random.Random(seed)
    company.catalog.dies_at = lambda step: draw.random() < 0.3
    for language in ("hi", "th", "sw"):
        company.live(symptom(language=language), seconds=1000)
    company.catalog.dies_at = lambda step: False
    company.live(seconds=LEASE_SECONDS + 400)
    assert company.kills > 3
    company.check(told=len(company.world.catalog.notices()))
    stories = Counter(alert.id for one in company.world.catalog.notices() for alert in one.alerts)
    assert stories == Counter({alert.id: 2 for alert in company.world.catalog.alerts()})
    assert len(stories) == 3


def test_two_servers_that_both_look_and_deliver_tell_everything_once():
    one, other = Company(), Company()
    other.world.catalog, other.catalog.catalog, other.raw = one.world.catalog, one.world.catalog, one.raw
    for _ in range(200):
        for company in (one, other):
            company.live(symptom(), seconds=5)
    assert one.raw == Counter({notice.id: 1 for notice in one.world.catalog.notices()})
    assert len(one.raw) == 1


def test_a_message_that_is_written_again_is_the_same_message():
    world = World(group_seconds=0)
    world.look(symptom())
    (notice,) = world.catalog.notices()
    again = World(group_seconds=0)
    again.look(symptom())
    world.catalog.save_alerts([], again.catalog.notices())
    assert world.catalog.notices() == [notice]

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.services.web import WebServer, running_web
from tests.test_label_watch import answer_of, log, tell
from tests.watched import REFERENCE, watched

from dragoman.app.monitor import Monitor
from dragoman.app.monitor_desk import CatalogMonitor
from dragoman.app.workspace import Workspace
from dragoman.errors import InvalidRequest, NotFound, Untrusted
from dragoman.monitoring.fakes import fake_text
from dragoman.monitoring.metrics import Metrics
from dragoman.monitoring.prediction_log.counters import LogStats
from dragoman.monitoring.times import stamp
from dragoman.serving.fakes import FakeClock, fake_model
from dragoman.serving.model import Model
from dragoman.serving.options import Options
from dragoman.serving.table import ModelTable

START = 1_800_000_000.0  # a full hour
QUIET = LogStats(0, 0, 0, 0, 0, 0, 0, 0, last_error="")


class FakeServer:
    """A server without models."""

    def __init__(self) -> None:
        self.metrics, self.table = Metrics(), ModelTable()


class World:
    """A workspace, a monitor, and a model that it watches, at a time that the test says."""

    def __init__(self, place: Workspace) -> None:
        self.place, self.clock, self.draw = place, FakeClock(), np.random.default_rng(5)
        self.clock.now = START
        self.log = QUIET
        self.monitor = self.start()
        self.model: Model = fake_model(reference=REFERENCE)
        self.monitor.watch(self.model)
        self.model.observer = self.monitor.watcher

    def start(self, replica: str = "a") -> Monitor:
        return Monitor(
            self.place, FakeServer(), replica=replica, url="http://one:8080", log=lambda: self.log, clock=self.clock
        )

    def minutes(self, count: int, *, texts: int = 60, spoil: Any = None) -> None:
        """So many minutes of traffic in both languages; `spoil` changes the English texts."""
        for _ in range(count):
            for language, change in (("en", spoil or str), ("ru", str)):
                said = [change(fake_text(language, self.draw)) for _ in range(texts)]
                self.model.predict(said, options=Options())
            self.monitor.profiler.count()
            for _ in range(6):
                self.clock.now += 10
                self.monitor.tick()

    def firing(self) -> list[Any]:
        return self.place.catalog.alerts(firing=True)


@pytest.fixture
def hook() -> Iterator[WebServer]:
    with running_web() as server:
        yield server


@pytest.fixture
def world(tmp_path: Path, hook: WebServer) -> Iterator[World]:
    receivers = f'[[receivers]]\nname = "hook"\nkind = "webhook"\nurl = "{hook.url}/alerts"\n'
    world = World(watched(tmp_path, receivers=receivers))
    yield world
    world.model.close()
    world.monitor.close()


def shout(text: str) -> str:
    """Words that the tokenizer does not know."""
    return text.upper()


def test_healthy_traffic_raises_no_alert(world: World, hook: WebServer) -> None:
    world.minutes(6)

    assert world.firing() == []
    assert hook.requests == []


def test_a_broken_upstream_is_told_once_with_language_owner_and_runbook(world: World, hook: WebServer) -> None:
    world.minutes(4)
    broken = world.clock.now
    world.minutes(4, spoil=shout)
    world.monitor.courier.wait(10)

    (alert,) = world.firing()
    assert (alert.kind, alert.language, alert.version, alert.owner) == ("drift", "en", "1", "team@example.com")
    assert {"unknown", "tokens"} & set(alert.evidence["signals"])
    assert alert.since == "2027-01-15T08:04:00Z", broken
    (request,) = hook.requests
    assert [one["id"] for one in request.json["alerts"]] == [alert.id]
    assert "drift" in request.json["alerts"][0]["runbook"]


def test_a_second_server_goes_on_with_the_alerts_of_the_first(world: World, hook: WebServer) -> None:
    world.minutes(3)
    world.minutes(3, spoil=shout)
    before = [alert.id for alert in world.firing()]
    world.monitor.courier.wait(10)
    world.clock.now += 40  # the first one's lease is over

    world.monitor = world.start("b")
    world.monitor.watch(world.model)
    world.model.observer = world.monitor.watcher
    world.minutes(2, spoil=shout)
    world.monitor.courier.wait(10)

    assert [alert.id for alert in world.firing()] == before
    assert len(hook.requests) == 1


def test_a_log_that_loses_predictions_is_told_with_all_owners(world: World, tmp_path: Path) -> None:
    world.log = QUIET._replace(shed=7, last_error="no space left")

    (symptom,) = world.monitor.symptoms()

    assert symptom.summary == "7 predictions were not recorded: no space left."
    assert world.monitor._contacts()[""].owner == "team@example.com"


def test_a_closed_monitor_has_stored_what_it_counted(world: World) -> None:
    world.model.predict(["where is my order"])

    world.monitor.close()

    kinds = {row.kind for kind in ("profile", "service") for row in world.place.catalog.counts(kind, "support")}
    assert kinds == {"profile", "service"}


def test_labels_of_files_count_for_the_objective_of_quality_within_a_tick(world: World) -> None:
    world.monitor._labels.begin()
    (said,) = world.model.predict(["where is my order"])
    log(world.place, [answer_of(said.id, time=stamp(START), labels=["refund"])])
    tell(world.place, [(said.id, "invoice")])
    world.monitor.tick()

    (view,) = CatalogMonitor(world.place, clock=world.clock).overview(model="support").models
    assert (view.versions[0].quality.right, view.versions[0].quality.wrong) == (0, 1)


def test_labels_that_cannot_be_counted_keep_nobody_from_being_told(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(now: float) -> int:
        raise Untrusted("The table 'predictions' cannot be read.")

    monkeypatch.setattr(world.monitor._labels, "look", failing)
    looks = world.monitor._due._done
    world.monitor.tick()

    assert "look" in looks
    assert "Labels are not counted: The table 'predictions' cannot be read" in caplog.text


# The desk


@pytest.fixture
def desk(world: World) -> CatalogMonitor:
    return CatalogMonitor(world.place, clock=world.clock)


def test_the_overview_has_traffic_by_version_and_language(world: World, desk: CatalogMonitor) -> None:
    world.minutes(2, texts=40)

    (model,) = desk.overview(hours=1).models

    (version,) = model.versions
    assert (model.texts, version.version, version.aliases) == (160, "1", ["champion"])
    assert {row.language: row.texts for row in version.languages} == {"en": 80, "ru": 80}
    assert all(row.p50_ms and row.score and row.drift for row in version.languages)


def test_the_overview_of_a_quiet_model_has_its_languages_too(desk: CatalogMonitor) -> None:
    (model,) = desk.overview(model="support").models

    assert [row.language for row in model.versions[0].languages] == ["en", "ru"]
    assert (model.texts, model.p50_ms, model.drift) == (0, None, None)


def test_drift_is_shown_by_signal_with_what_changed(world: World, desk: CatalogMonitor) -> None:
    world.minutes(2)
    world.minutes(2, spoil=shout)

    views = desk.drift("support", language="en")

    assert views[0].verdict == "fail"
    assert views[0].effect and views[0].effect > 0.5
    assert {view.verdict for view in desk.drift("support", language="ru")} <= {"pass", "not enough evidence"}


def test_objectives_are_shown_over_all_and_per_language(world: World, desk: CatalogMonitor) -> None:
    world.minutes(1)

    views = desk.slo(model="support")

    assert {(view.objective, view.language) for view in views} >= {("availability", ""), ("latency", "ru")}
    assert all(view.bad == 0 and view.total for view in views if view.objective == "availability" and not view.language)


@pytest.mark.parametrize("metric", ["score", "errors"])
def test_a_change_is_split_into_mix_and_within(world: World, desk: CatalogMonitor, metric: str) -> None:
    world.minutes(1)
    world.clock.now += 3_600
    world.minutes(1, spoil=shout)

    view = desk.split("support", metric, hours=1)

    assert view.before is not None
    assert view.after is not None
    assert view.after - view.before == pytest.approx(view.mix + view.within)


def test_unknown_names_are_refused(desk: CatalogMonitor) -> None:
    for ask in (
        lambda: desk.overview(model="suport"),
        lambda: desk.drift("support", version="7"),
        lambda: desk.alert("nothing"),
    ):
        with pytest.raises(NotFound):
            ask()
    for refused in (
        lambda: desk.overview(model="support", language="tlh"),
        lambda: desk.drift("support", signal="size"),
        lambda: desk.split("support", "charm"),
    ):
        with pytest.raises(InvalidRequest):
            refused()

from __future__ import annotations

import msgspec
import pytest
from tests.monitoring.alerts.world import Clock, World, alert, at, notice, symptom
from tests.services.alertmanager import alertmanager_program, running_alertmanager
from tests.services.waiting import wait_until
from tests.services.web import running_web

from dragoman.monitoring.alerts import Courier, sender_of
from dragoman.monitoring.alerts.alertmanager import HOLD_SECONDS, AlertmanagerSender
from dragoman.monitoring.alerts.delivery import sent
from dragoman.monitoring.alerts.moments import later, seconds_between
from dragoman.records import Notice
from dragoman.spec.receivers import AlertmanagerReceiver
from dragoman.store.audit import now

needs_alertmanager = pytest.mark.skipif(alertmanager_program() is None, reason="Alertmanager is not installed")


def receiver(url: str, **options) -> AlertmanagerReceiver:
    return AlertmanagerReceiver(**{"name": "am", "url": url} | options)


def posted(one: Notice) -> list[dict]:
    """What arrives at a server's address."""
    with running_web() as web:
        assert AlertmanagerSender(receiver(f"{web.url}/prefix/"), {}, clock=Clock()).send(one) == sent()
    assert [request.path for request in web.requests] == ["/prefix/api/v2/alerts"]
    return web.requests[0].json


def test_an_alert_has_labels_annotations_and_an_end_that_lies_ahead():
    (entry,) = posted(notice())
    assert entry["labels"] == {
        "alertname": "DragomanSloLatency",
        "model": "support",
        "version": "7",
        "kind": "slo",
        "name": "latency",
        "language": "hi",
        "severity": "ticket",
        "owner": "team@example.com",
    }
    assert entry["annotations"]["runbook_url"] == alert().runbook
    assert msgspec.json.decode(entry["annotations"]["evidence"]) == alert().evidence
    assert entry["startsAt"] == at()
    assert seconds_between(at(), entry["endsAt"]) == HOLD_SECONDS


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("language-mix", "language-mix", "DragomanLanguageMix"),
        ("drift", "embedding.3", "DragomanDriftEmbedding3"),
        ("absent", "", "DragomanAbsent"),
        ("log", "shed host-1:8080", "DragomanLogShed"),
        ("memory", "host-1:8080 gpu0", "DragomanMemory"),
    ],
)
def test_the_name_of_an_alert_is_made_of_kind_and_name(kind, name, expected):
    (entry,) = posted(notice(alerts=[alert(kind=kind, name=name)]))
    assert entry["labels"]["alertname"] == expected


def test_the_end_is_told_under_the_labels_that_are_known():
    over = alert(status="resolved", severity="page", gone=at(600), ended=at(900), told={"am": "ticket"})
    (entry,) = posted(notice(alerts=[over]))
    assert (entry["labels"]["severity"], entry["endsAt"]) == ("ticket", at(540))


def test_a_ticket_that_becomes_a_page_ends_as_a_ticket():
    entries = posted(notice(alerts=[alert(severity="page", told={"am": "ticket"})]))
    assert [entry["labels"]["severity"] for entry in entries] == ["ticket", "page"]
    assert entries[0]["endsAt"] == at(0.001)  # at once, and after its start


def test_reminders_are_as_urgent_as_what_was_told():
    with running_web() as web:
        sender = sender_of(receiver(web.url), {})
        sender.remind([alert(severity="page", told={"am": "ticket"})])
        sender.remind([])
    assert [[entry["labels"]["severity"] for entry in request.json] for request in web.requests] == [["ticket"]]


@needs_alertmanager
def test_a_real_alertmanager_tells_an_alert_and_its_end_once_each():
    with running_web() as web, running_alertmanager(f"{web.url}/told") as manager:
        world = World(receiver(manager.url), group_seconds=0)
        world.book.resolve_seconds = 1.0
        world.now = later(now(), seconds=-300)
        courier = Courier(world.catalog, {"am": sender_of(receiver(manager.url), {})})
        for _ in range(3):
            world.look(symptom(severity="page"))
            courier.lanes["am"]._reminded = ""
            courier.tick()
            assert courier.wait(30)
        wait_until(lambda: len(web.requests) == 1)
        (fires,) = manager.alerts()
        assert fires["labels"]["language"] == "hi"
        world.look(after=1)
        world.look(after=1)
        courier.tick()
        assert courier.wait(30)
        wait_until(lambda: len(web.requests) == 2)
        assert manager.alerts() == []
    told = [(one["status"], one["labels"]["severity"]) for request in web.requests for one in request.json["alerts"]]
    assert told == [("firing", "page"), ("resolved", "page")]


@needs_alertmanager
def test_a_real_alertmanager_does_not_tell_what_it_was_sent_twice():
    with running_web() as web, running_alertmanager(f"{web.url}/told") as manager:
        sender = sender_of(receiver(manager.url), {})
        one, end = alert(started=now()), alert(id="a2", language="th", started=now())
        for _ in range(5):
            assert sender.send(notice(alerts=[one])) == sent()
        sender.send(notice(alerts=[one, end]))
        wait_until(lambda: len(web.requests) == 2)
        assert len(manager.alerts()) == 2
    assert sorted(r.json["alerts"][0]["labels"]["language"] for r in web.requests) == ["hi", "th"]


@needs_alertmanager
def test_a_real_alertmanager_refuses_what_it_cannot_read():
    with running_alertmanager("http://127.0.0.1:9/") as manager:
        wrong = alert(started=later(now(), seconds=86_400))  # it would end before it begins
        delivery = sender_of(receiver(manager.url), {}).send(notice(alerts=[wrong]))
    assert delivery.outcome == "refused"
    assert "start time must be before end time" in delivery.text


@needs_alertmanager
def test_an_end_counts_where_the_other_clock_is_slow():
    with running_web() as web, running_alertmanager(f"{web.url}/told") as manager:
        ahead = 30.0
        sender = AlertmanagerSender(receiver(manager.url), {}, clock=lambda: later(now(), seconds=ahead))
        one = alert(started=later(now(), seconds=ahead - 120))
        sender.send(notice(alerts=[one]))
        wait_until(lambda: len(web.requests) == 1)
        gone = later(now(), seconds=ahead)
        over = alert(started=one.started, status="resolved", gone=gone, ended=gone, told={"am": "ticket"})
        sender.send(notice(alerts=[over]))
        wait_until(lambda: len(web.requests) == 2)
    assert [request.json["status"] for request in web.requests] == ["firing", "resolved"]

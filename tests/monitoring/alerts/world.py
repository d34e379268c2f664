"""A small world of alerts: symptoms, a clock that is moved by hand, receivers that only keep what they get."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from dragoman.monitoring.alerts import AlertBook, Contact, Courier, Delivery, Sender
from dragoman.monitoring.alerts.delivery import sent
from dragoman.monitoring.alerts.moments import later, written
from dragoman.records import Alert, By, Notice, Silence, Symptom
from dragoman.spec import AlertsSpec
from dragoman.spec.receivers import Receiver
from dragoman.spec.receivers_file import parse_receivers
from dragoman.store.memory_catalog import MemoryCatalog

START = datetime(2026, 11, 23, 5, tzinfo=UTC)
HOOK = """
[[receivers]]
name = "hook"
kind = "webhook"
url = "http://127.0.0.1:9/hook"
"""


def at(seconds: float = 0.0) -> str:
    """So many seconds after the world began."""
    return written(START + timedelta(seconds=seconds))


def symptom(**changes: Any) -> Symptom:
    plain = Symptom(
        model="support",
        version="7",
        kind="slo",
        name="latency",
        language="hi",
        severity="ticket",
        summary="12% of requests in Hindi took longer than 0.5 s; the objective is 1%.",
        since=at(-600),
        evidence={"p_value": 1e-9, "n": 812},
    )
    return msgspec.structs.replace(plain, **changes)


def alert(**changes: Any) -> Alert:
    plain = Alert(
        id="a1",
        **msgspec.structs.asdict(symptom()),
        status="firing",
        owner="team@example.com",
        escalation="+1 555 0100",
        runbook="https://example.com/runbooks/slo",
        started=at(),
        updated=at(),
    )
    return msgspec.structs.replace(plain, **changes)


def notice(**changes: Any) -> Notice:
    plain = Notice(
        id="n1",
        receiver="hook",
        group=["support", "7", ""],
        alerts=[alert()],
        status="waiting",
        created=at(),
        due=at(),
    )
    return msgspec.structs.replace(plain, **changes)


def silence(**changes: Any) -> Silence:
    plain = Silence(id="s1", starts=at(-60), ends=at(3600), reason="new database", actor="ada")
    return msgspec.structs.replace(plain, **changes)


def hook(**changes: Any) -> Receiver:
    return msgspec.structs.replace(parse_receivers(HOOK)[0], **changes)


def store(catalog: MemoryCatalog, *notices: Notice) -> None:
    """Notices as the book would leave them."""
    catalog.save_alerts([], notices)


class World:
    """A catalog with a book, and a clock."""

    def __init__(self, *receivers: Receiver, **rules: Any) -> None:
        self.catalog = MemoryCatalog()
        self.book = AlertBook(self.catalog, list(receivers) or [hook()])
        self.rules = AlertsSpec(**rules)
        self.now = at()

    def look(self, *symptoms: Symptom, after: float = 0.0, **options: Any) -> list[Alert]:
        """One look, so many seconds after the last one."""
        self.now = later(self.now, seconds=after)
        contacts = {name: Contact("team@example.com", self.rules) for name in ("support", "search")}
        return self.book.look(symptoms, contacts=contacts, now=self.now, **options)

    def deploy(self, number: int = 2) -> None:
        """The champion moves, now."""
        self.catalog.audit("alias.moved", "models:/support@champion", detail={"to": number}, by=By(actor="ada"))

    @property
    def firing(self) -> list[Alert]:
        return self.catalog.alerts(firing=True)

    @property
    def messages(self) -> list[list[tuple[str, str, str]]]:
        """Of each notice in order: status, severity and language of its alerts."""
        return [[(one.status, one.severity, one.language) for one in n.alerts] for n in self.catalog.notices()]


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = at()

    def __call__(self) -> str:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now = later(self.now, seconds=seconds)


class KeepingSender(Sender):
    """Keeps what it is given; `answer` says what becomes of it."""

    def __init__(self, answer: Callable[[Notice], Delivery] | None = None, *, keeps: bool = False) -> None:
        self.answer = answer or (lambda notice: sent())
        self.keeps = keeps
        self.tried: list[str] = []
        self.got: list[str] = []
        self.reminded: list[list[str]] = []

    def send(self, notice: Notice) -> Delivery:
        self.tried.append(notice.id)
        delivery = self.answer(notice)
        if delivery.outcome == "sent":
            self.got.append(notice.id)
        return delivery

    def remind(self, alerts: Sequence[Alert]) -> Delivery:
        self.reminded.append([alert.id for alert in alerts])
        return sent()


def courier(catalog: Any, senders: dict[str, Sender], clock: Clock, **options: Any) -> Courier:
    """One whose rounds are over when `tick` returns."""
    return Courier(catalog, senders, clock=clock, start=lambda work: work(), **options)

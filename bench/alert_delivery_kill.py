#!/usr/bin/env python3
"""Does everybody hear of every alert once when the process that tells them is killed, whenever that is?

usage: bench/alert_delivery_kill.py [KILLS] [SEED]

Starts a process that turns symptoms into alerts and delivers them to a webhook, an SMTP server and Alertmanager,
kills it with SIGKILL at a random moment, and starts the next one on the same catalog. Symptoms begin and end, and some
tickets become pages, by a clock that goes on while a process looks: a machine that is slow to start one misses none. At
the end the catalog, and what arrived where, must
agree: one alert for each symptom; each message at each receiver, and none under two ids. Messages that came again
under their id are counted apart: a receiver that knows ids drops them. Alertmanager tells a webhook of its own, which
must hear of each beginning and end once. The exit code is 1 if anything is lost or doubled.

Needs Alertmanager (Debian: prometheus-alertmanager) and aiosmtpd.
"""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # tests/services has the servers

from tests.services.alertmanager import running_alertmanager  # noqa: E402
from tests.services.mail import MailServer, running_mail  # noqa: E402
from tests.services.web import Reply, Request, WebServer, running_web  # noqa: E402

from dragoman.monitoring.alerts import AlertBook, Contact, Courier, senders_of  # noqa: E402
from dragoman.records import Alert, Symptom  # noqa: E402
from dragoman.spec import AlertsSpec  # noqa: E402
from dragoman.spec.receivers_file import read_receivers  # noqa: E402
from dragoman.store.audit import now  # noqa: E402
from dragoman.store.catalog import SqlCatalog  # noqa: E402
from dragoman.store.files import write_atomically  # noqa: E402

KILLS = 60
LIVES = (0.0, 2.2)  # seconds from a process's first look on
LOOK_SECONDS = 0.05
LONGEST_STEP = 0.3  # of the clock, whatever a look took
START_SECONDS = 120.0  # that a process may need
CLOCK_FILE = "clock"
EVERY_SECONDS = 0.5  # between the beginnings of two symptoms
LENGTHS = (6.0, 10.0)  # seconds that a symptom lasts
MODELS = 4
RULES = AlertsSpec(group_seconds=0.3)
RESOLVE_SECONDS, LEASE_SECONDS = 1.0, 3.0
ANSWER_SECONDS = 0.03  # that receivers take: time to die in
DRAIN_SECONDS = 60.0
MANAGER_SECONDS = 3.0  # Alertmanager looks every second
RECEIVERS = """
[[receivers]]
name = "webhook"
kind = "webhook"
url = "{web}/hook"

[[receivers]]
name = "email"
kind = "email"
host = "127.0.0.1"
port = {smtp}
tls = "none"
from = "dragoman@example.com"
to = ["ada@example.com"]

[[receivers]]
name = "alertmanager"
kind = "alertmanager"
url = "{manager}"
"""


class Planned(NamedTuple):
    """A symptom to come, in seconds of the clock that goes on while a process looks."""

    name: str
    start: float
    worse: float  # when it becomes a page; after its end: never
    end: float


class Heard(NamedTuple):
    """How often messages, or beginnings and ends of alerts, came to one receiver."""

    expected: set[str]
    arrived: Counter[str]

    @property
    def lost(self) -> list[str]:
        return sorted(self.expected - set(self.arrived))

    @property
    def unknown(self) -> list[str]:
        return sorted(set(self.arrived) - self.expected)

    @property
    def again(self) -> int:
        return self.arrived.total() - len(self.arrived)


class Outcome(NamedTuple):
    """What was found after all kills."""

    symptoms: int
    strange: list[str]  # symptoms with no alert or several, stories that are not whole
    heard: dict[str, Heard]  # by receiver: ids of messages
    manager: Heard  # beginnings and ends that Alertmanager told
    delays: list[float]  # seconds from the beginning of an alert to its first message

    @property
    def is_good(self) -> bool:
        told = [*self.heard.values(), self.manager]
        return not (self.strange or self.manager.again or any(one.lost or one.unknown for one in told))


# The process that is killed -----------------------------------------------------------------------------------------


def live(folder: Path) -> None:
    """Look and deliver, until killed or everything is over and told."""
    catalog, receivers = open_catalog(folder), read_receivers(folder / "receivers.toml")
    book = AlertBook(catalog, receivers, resolve_seconds=RESOLVE_SECONDS)
    courier = Courier(catalog, senders_of(receivers), lease_seconds=LEASE_SECONDS)
    contacts = {f"model-{number}": Contact("team@example.com", RULES) for number in range(MODELS)}
    plan = [Planned(*row) for row in json.loads((folder / "plan.json").read_text())]
    moment = read_clock(folder)
    while True:
        began = time.monotonic()
        book.look([symptom(one, moment) for one in plan if one.start <= moment < one.end], contacts=contacts, now=now())
        courier.tick()
        is_over = moment > max(one.end for one in plan) and not catalog.alerts(firing=True)
        if is_over and not catalog.notices(unsent=True) and courier.wait(1):
            return
        time.sleep(LOOK_SECONDS)
        moment += min(time.monotonic() - began, LONGEST_STEP)
        write_atomically(folder / CLOCK_FILE, str(moment).encode())


def read_clock(folder: Path) -> float:
    path = folder / CLOCK_FILE
    return float(path.read_bytes()) if path.exists() else 0.0


def symptom(one: Planned, moment: float) -> Symptom:
    number = int(one.name.removeprefix("s"))
    return Symptom(
        model=f"model-{number % MODELS}",
        kind="slo",
        name=one.name,
        severity="page" if moment >= one.worse else "ticket",
        summary=f"Symptom {one.name} is there.",
        evidence={"number": number},
    )


def open_catalog(folder: Path) -> SqlCatalog:
    return SqlCatalog(f"sqlite:///{folder}/catalog.sqlite")


# The one that kills -------------------------------------------------------------------------------------------------


@contextmanager
def servers(folder: Path) -> Iterator[tuple[WebServer, MailServer]]:
    """Three receivers, and the file that names them."""
    with ExitStack() as stack:
        web, mail = stack.enter_context(running_web()), stack.enter_context(running_mail())
        manager = stack.enter_context(running_alertmanager(f"{web.url}/manager"))
        web.arrived, web.reply = [], lambda request: answer(web, request)
        mail.judge_message = lambda message: time.sleep(ANSWER_SECONDS) or "250 OK"
        text = RECEIVERS.format(web=web.url, smtp=mail.port, manager=manager.url)
        (folder / "receivers.toml").write_text(text)
        yield web, mail


def answer(web: WebServer, request: Request) -> Reply:
    web.arrived.append(time.time())
    time.sleep(ANSWER_SECONDS)
    return Reply()


def plan_symptoms(seconds: float, lengths: tuple[float, float], draw: random.Random) -> list[Planned]:
    plan = []
    for number in range(max(8, int(seconds / EVERY_SECONDS))):
        start = EVERY_SECONDS * number + draw.uniform(0, EVERY_SECONDS)
        length = draw.uniform(*lengths)
        worse = start + length / 2 if draw.random() < 0.3 else start + 2 * length
        plan.append(Planned(f"s{number}", start, worse, start + length))
    return plan


def start_child(folder: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
    return subprocess.Popen([sys.executable, __file__, "live", str(folder)], env=environment)


def kill_many(folder: Path, kills: int, *, seed: int = 0, lengths: tuple[float, float] = LENGTHS) -> Outcome:
    """Kill one process after the other, let the last one finish, and look at what arrived."""
    draw = random.Random(seed)
    lives = [draw.uniform(*LIVES) for _ in range(kills)]
    plan = plan_symptoms(sum(lives), lengths, draw)
    (folder / "plan.json").write_text(json.dumps(plan))
    open_catalog(folder).close()
    with servers(folder) as (web, mail):
        for seconds in lives:
            with start_child(folder) as child:
                wait_for_a_look(folder)
                time.sleep(seconds)
                child.send_signal(signal.SIGKILL)
        with start_child(folder) as child:
            assert child.wait(plan[-1].end + START_SECONDS + DRAIN_SECONDS) == 0
        time.sleep(MANAGER_SECONDS)
        return examine(folder, plan, web, mail)


def wait_for_a_look(folder: Path) -> None:
    """Return when the process that was started has looked once."""
    before, deadline = read_clock(folder), time.monotonic() + START_SECONDS
    while read_clock(folder) == before:
        assert time.monotonic() < deadline, "the process does not start"
        time.sleep(0.01)


def examine(folder: Path, plan: list[Planned], web: WebServer, mail: MailServer) -> Outcome:
    catalog = open_catalog(folder)
    alerts, notices = catalog.alerts(), catalog.notices()
    catalog.close()
    hooks = [request for request in web.requests if request.path == "/hook"]
    arrived = {
        "webhook": Counter(request.headers["idempotency-key"] for request in hooks),
        "email": Counter(message["Message-ID"].strip("<>").partition("@")[0] for message in mail.messages),
    }
    written = {name: {one.id for one in notices if one.receiver == name} for name in arrived}
    stories: dict[str, list[str]] = {one.id: [] for one in alerts}
    for notice in (one for one in notices if one.receiver == "webhook"):
        for alert in notice.alerts:
            stories[alert.id].append(f"{alert.severity} {alert.status}")
    return Outcome(
        symptoms=len(plan),
        strange=[*strange_alerts(plan, Counter(one.name for one in alerts)), *strange_stories(stories)],
        heard={name: Heard(written[name], arrived[name]) for name in arrived},
        manager=Heard(expected_of_manager(stories), told_by_manager(web)),
        delays=delays_of(alerts, web),
    )


def strange_alerts(plan: list[Planned], alerts: Counter[str]) -> Iterator[str]:
    for one in plan:
        if alerts[one.name] != 1:
            yield f"{alerts[one.name]} alerts for symptom {one.name}"


def strange_stories(stories: dict[str, list[str]]) -> Iterator[str]:
    """Each alert begins once, as a ticket, a page, or first one and then the other; it ends once, at last."""
    beginnings = (["ticket firing"], ["page firing"], ["ticket firing", "page firing"])
    for id, story in stories.items():
        if story[:-1] not in beginnings or not story[-1].endswith("resolved"):
            yield f"alert {id}: {', '.join(story) or 'never told'}"


def expected_of_manager(stories: dict[str, list[str]]) -> set[str]:
    """There a ticket and a page are two alerts, which both begin and end."""
    severities = {(id, told.partition(" ")[0]) for id, story in stories.items() for told in story if "firing" in told}
    return {f"{id} {severity} {what}" for id, severity in severities for what in ("firing", "resolved")}


def told_by_manager(web: WebServer) -> Counter[str]:
    return Counter(
        f"{one['annotations']['alert_id']} {one['labels']['severity']} {one['status']}"
        for request in web.requests
        if request.path == "/manager"
        for one in request.json["alerts"]
    )


def delays_of(alerts: list[Alert], web: WebServer) -> list[float]:
    first: dict[str, float] = {}
    for moment, request in zip(web.arrived, web.requests, strict=True):
        if request.path == "/hook":
            for alert in request.json["alerts"]:
                first.setdefault(alert["id"], moment)
    return [first[one.id] - datetime.fromisoformat(one.started).timestamp() for one in alerts if one.id in first]


def main(kills: int, seed: int) -> int:
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
        outcome = kill_many(Path(folder), kills, seed=seed)
    print(f"{kills} kills, {outcome.symptoms} symptoms")
    print(f"{'':<28}{'told':>8}{'lost':>8}{'under two ids':>16}{'again, same id':>16}")
    for name, heard in {**outcome.heard, "told by Alertmanager": outcome.manager}.items():
        print(f"{name:<28}{len(heard.arrived):>8}{len(heard.lost):>8}{len(heard.unknown):>16}{heard.again:>16}")
    print(f"first message after {statistics.median(outcome.delays):.1f} s, at most {max(outcome.delays):.1f} s")
    for problem in outcome.strange[:5]:
        print(problem)
    return int(not outcome.is_good)


if __name__ == "__main__":
    if sys.argv[1:2] == ["live"]:
        live(Path(sys.argv[2]))
    else:
        sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else KILLS, int(sys.argv[2]) if sys.argv[2:] else 0))

"""A day on call with the example: a broken upstream, alerts at real receivers, kills, a deploy, in about 15 minutes.

    python bench/monitor_day.py [--keep FOLDER] [--rate REQUESTS]

Trains two versions of the example in eight languages, serves the first to synthetic users over HTTP, and tells alerts
to a real Alertmanager (where it is installed), a webhook and an SMTP server. Then texts in Arabic arrive with a broken
encoding; the server is killed again and again until everybody was told; the texts are mended; another version becomes
the champion while texts in Thai arrive cut. Prints what happened and when. Exits 1 if anything went otherwise than it
must. With --keep the trained versions are used again.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "bench"), str(ROOT)]

from tests.services.alertmanager import alertmanager_program, running_alertmanager  # noqa: E402
from tests.services.mail import MailServer, running_mail  # noqa: E402
from tests.services.web import WebServer, running_web  # noqa: E402

from release_day import check, dragoman, failures, say, serving, texts_of  # noqa: E402 (after the path)
from traffic_player import Player  # noqa: E402

EXAMPLE = ROOT / "examples" / "support"
LANGUAGES = ("ar", "de", "en", "es", "fr", "hi", "ru", "th")
BUCKET_SECONDS = 60
QUIET_SECONDS = 240  # of healthy traffic before anything happens
DEPLOY_MINUTES = 3
MOST_SECONDS = 900  # that anything may take
KILLS = 6
MOST_KILLS = 30
WATCHING = f"""
[drift]
every_minutes = 1
windows = [1, 5]
min_texts = 30

[alerts]
group_seconds = 5
deploy_minutes = {DEPLOY_MINUTES}
"""


class Receivers(NamedTuple):
    """Where alerts are told."""

    hook: WebServer  # Dragoman's own webhook
    mail: MailServer
    relay: WebServer | None  # what Alertmanager tells; None: it is not installed
    manager: str  # its address

    def told(self, text: str) -> dict[str, int]:
        """How many messages that hold a text each has got, repeats by their id left out."""
        return {name: len(ids) for name, ids in self._ids(text).items()}

    def raw(self, text: str) -> dict[str, int]:
        """The same, repeats counted."""
        return {name: sum(ids.values()) for name, ids in self._ids(text).items()}

    def _ids(self, text: str) -> dict[str, Counter[str]]:
        found = {"webhook": Counter(one["id"] for one in self.posts() if text in json.dumps(one))}
        mails = [(one["Message-ID"], f"{one['Subject']} {one.get_content()}") for one in self.mail.messages]
        found["e-mail"] = Counter(id for id, content in mails if text in content)
        if self.relay is not None:
            alerts = [one for request in self.relay.requests for one in request.json["alerts"]]
            found["Alertmanager"] = Counter(
                f"{one['fingerprint']} {one['status']}" for one in alerts if text in json.dumps(one)
            )
        return found

    def posts(self) -> list[Any]:
        return [request.json for request in self.hook.requests]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, help="use this folder, and leave it")
    parser.add_argument("--rate", type=float, default=40, help="requests per second")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, receiving() as receivers:
        trained = options.keep or Path(temporary) / "trained"
        if not (trained / "dragoman.toml").exists():
            train_two(trained)
        root = shutil.copytree(trained, Path(temporary) / "day", symlinks=True)
        write_receivers(root, receivers)
        day(root, receivers, options.rate)
    say("Everything went as it must." if not failures else f"FAILED: {'; '.join(failures)}")
    return 1 if failures else 0


def day(root: Path, receivers: Receivers, rate: float) -> None:
    with serving(root) as (child, url), playing(root, url, rate) as player:
        healthy(player, receivers)
        began = broken_encoding(player, receivers)
        child.send_signal(signal.SIGKILL)
        child.wait(10)
    told_in_spite_of_kills(root, receivers, rate, began)
    with serving(root) as (_, url), playing(root, url, rate) as player:
        mended(root, receivers)
        deploy(root, player, receivers)


# Scenes -------------------------------------------------------------------------------------------------------------


def healthy(player: Player, receivers: Receivers) -> None:
    """Nothing is wrong, and nobody is told anything."""
    wait_until(lambda: sum(player.statuses.values()) > 100, "requests are answered")
    time.sleep(QUIET_SECONDS)
    check(not receivers.posts(), f"{QUIET_SECONDS} s of healthy traffic: nobody is told anything")
    check(set(player.statuses) == {200}, f"{sum(player.statuses.values())} requests are answered")


def broken_encoding(player: Player, receivers: Receivers) -> float:
    """Texts in Arabic arrive as Latin letters; the server judges, and dies while it tells of it."""
    began = time.time()
    player.spoil["ar"] = lambda text: text.encode().decode("latin-1")
    say("Arabic texts arrive with a broken encoding from now on.")
    wait_until(lambda: any(receivers.raw("drift").values()), "somebody is told")
    say(f"first message after {time.time() - began:.0f} s; the server is killed at once")
    return began


def told_in_spite_of_kills(root: Path, receivers: Receivers, rate: float, began: float) -> None:
    """The server is killed at random moments, at least until everybody has been told; nobody is told again."""
    draw, kills = random.Random(5), 1
    while kills < KILLS or (min(receivers.told("drift").values()) < 1 and kills < MOST_KILLS):
        with serving(root) as (child, url), playing(root, url, rate) as player:
            player.spoil["ar"] = lambda text: text.encode().decode("latin-1")
            time.sleep(draw.uniform(1, 12))
            child.send_signal(signal.SIGKILL)
            child.wait(10)
            kills += 1
    with serving(root) as (_, url), playing(root, url, rate) as player:
        player.spoil["ar"] = lambda text: text.encode().decode("latin-1")
        time.sleep(2.5 * BUCKET_SECONDS)
    say(f"{kills} kills; messages by id {receivers.told('drift')}, with repeats {receivers.raw('drift')}")
    check(set(receivers.told("drift").values()) == {1}, "each receiver is told once")
    (post,) = {one["id"]: one for one in receivers.posts()}.values()
    alerts = post["alerts"]
    check({one["language"] for one in alerts} == {"ar"}, "Arabic is named, and nothing else")
    check(all(one["owner"] == "support-team@example.com" for one in alerts), "the owner is named")
    check(all("drift" in one["runbook"] for one in alerts), "the runbook is linked")
    late = [datetime.fromisoformat(one["since"]).timestamp() - began for one in alerts]
    check(max(map(abs, late)) <= 2 * BUCKET_SECONDS, f"it is dated to within {max(map(abs, late)):.0f} s")
    for one in alerts:
        say(f"  {one['summary']}")


def mended(root: Path, receivers: Receivers) -> None:
    """Texts are whole again: the alert ends, and each receiver is told so once."""
    say("Arabic texts are whole again.")
    wait_until(lambda: not alerts_of(root), "no alert fires any more")
    wait_until(lambda: min(receivers.told("resolved").values()) >= 1, "everybody is told that it is over")
    check(set(receivers.told("resolved").values()) == {1}, "each receiver is told once that it is over")


def deploy(root: Path, player: Player, receivers: Receivers) -> None:
    """Another champion, and cut texts in Thai at the same time: told when the deploy's silence is over."""
    before = len(receivers.posts())
    done = dragoman("models", "promote", "support/2", "--reason", "monitor day", "-w", root)
    check(done.returncode == 0, f"version 2 becomes the champion {done.stderr[-200:]}")
    began = time.time()
    player.spoil["th"] = lambda text: text[: max(2, len(text) // 4)]
    wait_until(lambda: bool(alerts_of(root)), "an alert fires")
    silenced = [bool(one["silence"]) for one in alerts_of(root)]
    say(f"an alert fires {time.time() - began:.0f} s after the deploy")
    check(all(silenced) and len(receivers.posts()) == before, "it is silenced, and nobody is told")
    wait_until(lambda: len(receivers.posts()) > before, "it is told")
    after = time.time() - began
    check(after >= 60 * DEPLOY_MINUTES, f"it is told {after:.0f} s after the deploy, when the silence is over")
    languages = {one["language"] for post in receivers.posts()[before:] for one in post["alerts"]}
    check(languages == {"th"}, f"Thai is named, and nothing else: {languages}")


# Helpers ------------------------------------------------------------------------------------------------------------


def train_two(root: Path) -> None:
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns(".dragoman"))
    for path in (root / "data").glob("*.jsonl"):
        if path.stem not in LANGUAGES:
            path.unlink()
    for seed in (0, 1):
        write_spec(root, seed=seed)
        say(f"Training version {seed + 1}.")
        done = dragoman("train", "-w", root)
        check(done.returncode == 0, f"version {seed + 1} is trained {done.stderr[-300:]}")
    if (number := champion(root)) != 1:
        dragoman("models", "promote", "support/1", "--reason", "begin with the first", "-w", root)
        check(champion(root) == 1, f"version 1 is the champion again, after {number}")


def write_spec(root: Path, *, seed: int) -> None:
    text = (EXAMPLE / "models" / "support.toml").read_text(encoding="utf-8").split("# A later version")[0]
    head, _, tail = text.partition("languages = [")
    text = f"{head}languages = {json.dumps(LANGUAGES)}{tail.partition(']')[2]}"
    text = text.replace("[training]", f"[training]\nseed = {seed}").replace("0.88", "0.5").replace("0.75", "0.3")
    (root / "models" / "support.toml").write_text(text + WATCHING, encoding="utf-8")


def champion(root: Path) -> int | None:
    versions = json.loads(dragoman("models", "list", "--json", "-w", root).stdout)
    return next((one["number"] for one in versions if "champion" in one["aliases"]), None)


def alerts_of(root: Path) -> list[Any]:
    return json.loads(dragoman("monitor", "alerts", "--json", "-w", root).stdout)


@contextmanager
def receiving() -> Iterator[Receivers]:
    with ExitStack() as stack:
        hook, mail = stack.enter_context(running_web()), stack.enter_context(running_mail())
        if not alertmanager_program():
            say("Alertmanager is not installed: it is left out.")
            yield Receivers(hook, mail, None, "")
            return
        told = stack.enter_context(running_web())
        manager = stack.enter_context(running_alertmanager(f"{told.url}/told"))
        yield Receivers(hook, mail, told, manager.url)


def write_receivers(root: Path, receivers: Receivers) -> None:
    text = f'[[receivers]]\nname = "hook"\nkind = "webhook"\nurl = "{receivers.hook.url}/alerts"\n'
    text += f'[[receivers]]\nname = "mail"\nkind = "email"\nhost = "127.0.0.1"\nport = {receivers.mail.port}\n'
    text += 'tls = "none"\nfrom = "dragoman@example.com"\nto = ["on-call@example.com"]\n'
    if receivers.manager:
        text += f'[[receivers]]\nname = "alertmanager"\nkind = "alertmanager"\nurl = "{receivers.manager}"\n'
    (root / "receivers.toml").write_text(text, encoding="utf-8")


@contextmanager
def playing(root: Path, url: str, rate: float) -> Iterator[Player]:
    with Player(url, "support", texts_of(root), rate=rate, numbered=False) as player:
        yield player


def wait_until(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + MOST_SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {MOST_SECONDS} s: {what}")
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())

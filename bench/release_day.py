"""A day of releases with the example: a bad challenger, a good one, kills in every step, a rollback by hand, tampering.

    python bench/release_day.py [--keep FOLDER] [--rate REQUESTS]

Trains three versions of the example workspace in 24 languages: the champion; one whose Thai labels are shuffled, in
the test split too, so that its evaluation sees nothing; one that is as good as the first. Serves them to synthetic
users over HTTP and prints what happened. Exits 1 if anything went otherwise than it must. With --keep the trained
versions are used again.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from traffic_player import Player

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "support"
PLAN = """
[release]
steps = [1, 5, 25, 50, 100]
step_minutes = 0.05
min_requests = 20
required = ["errors", "agreement"]

[release.margins]
errors = 0.02
agreement = 0.05
"""  # users' texts carry numbers that those of the evaluation do not: any two models differ more often on them
WAIT_SECONDS = 900
failures: list[str] = []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, help="use this folder, and leave it")
    parser.add_argument("--rate", type=float, default=0, help="requests per second; 0: as many as are answered")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        trained = options.keep or Path(temporary) / "trained"
        if not (trained / "dragoman.toml").exists():
            train_three(trained)
        for number, scene in enumerate((bad_challenger, good_challenger_and_kills, by_hand, tampering)):
            root = shutil.copytree(trained, Path(temporary) / f"scene-{number}", symlinks=True)
            write_spec(root, seed=2)
            say(f"--- {scene.__doc__}")
            scene(root, options.rate)
    say("Everything went as it must." if not failures else f"FAILED: {'; '.join(failures)}")
    return 1 if failures else 0


# Three versions -----------------------------------------------------------------------------------------------------


def train_three(root: Path) -> None:
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns(".dragoman"))
    for seed, shuffled in ((0, False), (1, True), (2, False)):
        write_data(root, shuffled=shuffled)
        write_spec(root, seed=seed)
        say(f"Training version {seed + 1}{', its Thai labels shuffled' if shuffled else ''}.")
        done = dragoman("train", "-w", root)
        check(done.returncode == 0, f"version {seed + 1} is trained: {done.stderr[-300:]}")


def write_spec(root: Path, *, seed: int, plan: str = PLAN) -> None:
    text = (EXAMPLE / "models" / "support.toml").read_text(encoding="utf-8").split("# A later version")[0]
    text = text.replace("[training]", f"[training]\nseed = {seed}") + plan
    (root / "models" / "support.toml").write_text(text, encoding="utf-8")


def write_data(root: Path, *, shuffled: bool) -> None:
    """Shuffled, each Thai text has the label that follows its own: every split is wrong in the same way."""
    for path in sorted((EXAMPLE / "data").glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        if shuffled:
            labels = sorted({row["label"] for row in rows})
            following = dict(zip(labels, labels[1:] + labels[:1], strict=True))
            for row in rows:
                row["label"] = following[row["label"]] if row["language"] == "th" else row["label"]
        lines = (json.dumps(row, ensure_ascii=False) for row in rows)
        (root / "data" / path.name).write_text("\n".join(lines) + "\n", encoding="utf-8")


# Scenes -------------------------------------------------------------------------------------------------------------


def bad_challenger(root: Path, rate: float) -> None:
    """A challenger with shuffled Thai labels: rolled back, naming Thai."""
    write_data(root, shuffled=True)
    with played(root, rate) as (_, url, player):
        begin(root, 2)
        release = wait_for(url, is_over)
        ended = time.monotonic()
        time.sleep(3)
    report(release, player)
    failed = {one["language"] for one in release["findings"] if one["verdict"] == "fail"}
    check(release["status"] == "rolled_back", "the bad challenger is rolled back")
    check(failed in ({"th"}, {"th", "all"}), f"Thai is named, and nothing else: {sorted(failed)}")
    check(player.last_answer.get("2", 0.0) <= ended + 2, "its last answer came within two seconds")
    check(set(player.statuses) == {200}, f"no request failed: {dict(player.statuses)}")


def good_challenger_and_kills(root: Path, rate: float) -> None:
    """A challenger as good as the champion, and a server that is killed in every step: promoted."""
    begin(root, 3)
    seen: set[int] = set()
    release = status(root)
    while not is_over(release):
        with played(root, rate) as (child, url, player):
            release = wait_for(url, lambda one: is_over(one) or one["step"] not in seen)
            seen.add(release["step"])
            say(f"step {release['step']} ({release['share']:.0%}), {sum(player.statuses.values())} answers: killed")
            child.send_signal(signal.SIGKILL)
            child.wait(10)
            check(set(player.statuses) <= {200, 503}, f"only a server that loads refused: {dict(player.statuses)}")
    report(release, player)
    check(release["status"] == "promoted", "the good challenger is promoted")
    check(seen >= set(range(6)), f"the server was killed in every step: {sorted(seen)}")
    versions = json.loads(dragoman("models", "list", "--json", "-w", root).stdout)
    champions = [one["number"] for one in versions if "champion" in one["aliases"]]
    check(champions == [3], f"version 3 is the champion: {champions}")
    check(dragoman("models", "verify", "support", "-w", root).returncode == 0, "bundle and promotion are signed")
    check(dragoman("audit", "verify", "-w", root).returncode == 0, "the audit log is whole")


def by_hand(root: Path, rate: float) -> None:
    """A release at half of the traffic, taken back by one command: how long does the challenger still answer?"""
    write_spec(root, seed=2, plan="\n[release]\nshadow = false\nsteps = [50, 100]\nstep_minutes = 10\n")
    with played(root, rate) as (_, url, player):
        begin(root, 3)
        wait_for(url, lambda one: one["share"] >= 0.5)
        wait_until(lambda: player.versions()["3"] > 300)
        offset = time.time() - time.monotonic()
        done = dragoman("release", "rollback", "support", "--reason", "drill", "-w", root)
        check(done.returncode == 0, "one command takes it back")
        time.sleep(3)
    verdict = datetime.fromisoformat(status(root)["notes"][-1]["time"]).timestamp()
    late = player.last_answer["3"] + offset - verdict
    check(late < 2, f"the challenger's last answer came {max(late, 0):.2f} s after the verdict")
    check(set(player.statuses) == {200}, f"no request failed: {dict(player.statuses)}")


def tampering(root: Path, rate: float) -> None:
    """Somebody changes a bundle, an alias, the audit log, the prediction log: each is noticed and named."""
    with played(root, 50) as (child, _, player):
        wait_until(lambda: sum(player.statuses.values()) > 100)
        time.sleep(1)
        child.send_signal(signal.SIGKILL)
        child.wait(10)
    segment = max((root / ".dragoman" / "prediction-log").rglob("*.wal"), key=lambda path: path.stat().st_size)
    flip(segment, segment.stat().st_size // 2)
    with played(root, 50) as (child, _, player):
        wait_until(lambda: sum(player.statuses.values()) > 10)
        child.send_signal(signal.SIGTERM)
        said = child.communicate(timeout=60)[1]
    check(segment.name in said, f"the changed segment of the prediction log is named: {said[-300:]}")

    catalog = root / ".dragoman" / "catalog.sqlite"
    with sqlite3.connect(catalog) as database:
        database.execute("UPDATE aliases SET number = 2 WHERE alias = 'champion'")
    expect_no(dragoman("audit", "verify", "-w", root), "support@champion", "the moved alias is named")
    with sqlite3.connect(catalog) as database:
        database.execute("UPDATE aliases SET number = 1 WHERE alias = 'champion'")
        database.execute("UPDATE audit SET actor = 'nobody' WHERE number = 3")
    expect_no(dragoman("audit", "verify", "-w", root), "3", "the changed row of the audit log is named")

    weights = next((root / ".dragoman" / "bundles").glob("*/model.safetensors"))
    weights.chmod(0o644)
    flip(weights, weights.stat().st_size // 2)
    done = dragoman("predict", "support", "Where is my order?", "-w", root)
    verified = [dragoman("models", "verify", f"support/{number}", "-w", root) for number in (1, 2, 3)]
    check(
        any("model.safetensors" in one.stderr + one.stdout for one in [done, *verified]),
        "the changed weights are named",
    )


# Helpers ------------------------------------------------------------------------------------------------------------


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def check(holds: bool, what: str) -> None:  # noqa: FBT001 (what holds)
    say(f"{'yes' if holds else 'NO'}: {what}")
    if not holds:
        failures.append(what)


def expect_no(done: subprocess.CompletedProcess[str], named: str, what: str) -> None:
    check(done.returncode == 1 and named in done.stdout + done.stderr, what)


def flip(path: Path, place: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)
        file.seek(place)
        file.write(bytes([byte[0] ^ 1]))


def dragoman(*arguments: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dragoman", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def begin(root: Path, challenger: int) -> None:
    done = dragoman("release", "start", "support", "--challenger", challenger, "--reason", "release day", "-w", root)
    check(done.returncode == 0, f"the release of version {challenger} begins {done.stderr.strip()[-300:]}")


def status(root: Path) -> Any:
    return json.loads(dragoman("release", "status", "support", "--json", "-w", root).stdout)


def is_over(release: Any) -> bool:
    return bool(release["finished"])


def wait_for(url: str, done: Callable[[Any], bool]) -> Any:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        with urllib.request.urlopen(f"{url}/v1/models/support/release", timeout=10) as response:
            release = json.load(response)
        if done(release):
            return release
        time.sleep(0.2)
    raise SystemExit(f"nothing happened in {WAIT_SECONDS} s: {release['open']}")


def wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not done():
        if time.monotonic() > deadline:
            raise SystemExit("nothing happened in two minutes")
        time.sleep(0.05)


def report(release: Any, player: Player) -> None:
    for note in release["notes"]:
        say(f"  {note['time'][11:19]} {note['status']}, {note['share']:.0%}: {note['text'][:300]}")
    say(f"  exposed: {sum(release['exposed'].values())} requests; answers by version: {dict(player.versions())}")


@contextmanager
def played(root: Path, rate: float) -> Iterator[tuple[subprocess.Popen[str], str, Player]]:
    with serving(root) as (child, url), Player(url, "support", texts_of(root), rate=rate) as player:
        yield child, url, player


@contextmanager
def serving(root: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "dragoman", "serve", "-w", str(root), "--port", str(port)]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: is_ready(url))
        yield child, url
    finally:
        child.kill()
        child.communicate()


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=10):
            return True
    except (urllib.error.URLError, OSError):
        return False


def texts_of(root: Path) -> dict[str, list[str]]:
    """The texts of the test split by language."""
    texts: dict[str, list[str]] = {}
    for path in sorted((root / "data").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["split"] == "test":
                texts.setdefault(row["language"], []).append(row["text"])
    return texts


if __name__ == "__main__":
    sys.exit(main())

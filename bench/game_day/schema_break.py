"""The second day: an upstream export changes its schema; the contract stops it, and nothing is half-written."""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.game_day.checks import Check, last_line, said
from bench.game_day.exports import BAD, CONTRACT, DATASET, ROWS, broken, export, spoilt, write_csv
from bench.game_day.journal import Asked
from bench.game_day.place import BEGIN, EXAMPLE, LANGUAGES, MODEL, Place, make_place
from bench.game_day.processes import Kept, kill
from bench.game_day.users import ask_all
from bench.game_day.world import World, split_rows

__all__ = ["play_schema_break"]

DAY_SECONDS = 86_400.0
LONGER = 1.3  # times as long as a check of the same file an ingest lives at most, where it is killed


class Standing(NamedTuple):
    """What there is of the dataset, seen from outside."""

    versions: tuple[str, ...]  # number and digest of each
    quarantined: tuple[str, ...]  # the rows' places

    @classmethod
    def of(cls, place: Place) -> Standing:
        versions = place.asked("data", "log", DATASET) or []
        filed = place.asked("data", "quarantine", DATASET, "--last", ROWS) or []
        places = tuple(f"{one['source']}:{one['line']}" for one in filed)
        return cls(tuple(f"{one['number']} {one['digest']}" for one in versions), places)


class Kills:
    """Kills ingests at random moments; each that is killed is begun again."""

    def __init__(self, count: int, *, seed: int) -> None:
        self.left, self.draw, self.done = count, random.Random(seed), Counter[str]()

    def share(self, parts: int) -> int:
        """How many of them the next of so many parts gets."""
        return -(-self.left // parts)


def play_schema_break(options: argparse.Namespace) -> int:
    """Play the day and print its checklist; 0 if every line holds."""
    began = time.monotonic()
    place = make_place(options.folder, options.cache, fresh=options.fresh, languages=options.languages)
    print(f"The day is played in {place.folder}.", flush=True)
    write_contract(place)
    with serving(place, seed=options.seed) as users:
        checks = list(story(place, Kills(options.kills, seed=options.seed), users))
    checks += served(place, users)
    print(*map(said, checks), sep="\n")
    print(f"Played in {time.monotonic() - began:.0f} s.")
    return 0 if all(one.holds for one in checks) else 1


def story(place: Place, kills: Kills, users: Users) -> Iterator[Check]:
    """Four exports: a good one, a broken one, the corrected one, and one with some bad rows."""
    ordinary = users.world.ordinary
    rows, second, third = (export(ordinary, day) for day in (1, 2, 3))
    yield from good_export(place, write_csv(place.folder / "day1.csv", rows), kills)
    yield from broken_export(place, write_csv(place.folder / "day2.csv", broken(second)), kills)
    users.marks.append(len(users.asked))
    yield from corrected_export(place, write_csv(place.folder / "day2-corrected.csv", second), kills)
    yield from export_with_bad_rows(place, write_csv(place.folder / "day3.csv", spoilt(third)), kills)
    yield from whole(place, kills)


def good_export(place: Place, file: Path, kills: Kills) -> Iterator[Check]:
    say(place, 1, "a good export")
    done = ingest(place, file, kills, kills.share(4))
    standing = Standing.of(place)
    holds = done.returncode == 0 and len(standing.versions) == 1 and not standing.quarantined
    yield Check("a good export becomes a version", holds, f"{len(standing.versions)} version {last_line(done.stderr)}")


def broken_export(place: Place, file: Path, kills: Kills) -> Iterator[Check]:
    say(place, 2, "after an update upstream a column is renamed, and labels and dates are written in another way")
    before, files = Standing.of(place), stored(place)
    done = ingest(place, file, kills, kills.share(3), "--append")
    said_of = done.stdout + done.stderr
    yield Check("the contract stops it", done.returncode == 1, f"exit code {done.returncode}")
    named = [word for word in ("message", "text", "label", "closed_at") if word in said_of]
    yield Check("it says what is wrong", {"text"} <= set(named), ", ".join(named))
    quarantined = place.dragoman("data", "ingest", DATASET, file, "--append", "--quarantine")
    text = "nor does it pass with a quarantine"
    yield Check(text, quarantined.returncode == 1, f"exit code {quarantined.returncode}")
    after = Standing.of(place)
    yield Check(
        "no version, no row in the quarantine", after == before, f"{len(after.versions)} version, {len(after[1])} rows"
    )
    left = stored(place) - files
    yield Check("no file is left behind", not left, f"{len(left)} new files {sorted(left)[:3]}")


def corrected_export(place: Place, file: Path, kills: Kills) -> Iterator[Check]:
    say(place, 3, "the export is corrected")
    done = ingest(place, file, kills, kills.share(2), "--append")
    standing = Standing.of(place)
    holds = done.returncode == 0 and len(standing.versions) == 2 and not standing.quarantined
    yield Check("the corrected export becomes the next version", holds, f"{len(standing.versions)} versions")


def export_with_bad_rows(place: Place, file: Path, kills: Kills) -> Iterator[Check]:
    say(place, 4, f"an export with {BAD} bad rows among {ROWS:,}")
    done = ingest(place, file, kills, kills.left, "--append", "--quarantine")
    standing = Standing.of(place)
    yield Check(
        "its good rows become the next version", len(standing.versions) == 3, last_line(done.stdout + done.stderr)
    )
    rows, places = len(standing.quarantined), len(set(standing.quarantined))
    yield Check("its bad rows are in the quarantine, each once", rows == places == BAD, f"{rows} rows")


def whole(place: Place, kills: Kills) -> Iterator[Check]:
    """Every version has the rows of its digest; the catalog tells the same story."""
    for number in range(3):
        done = place.dragoman("data", "verify", f"{DATASET}/{number}")
        yield Check(f"version {number} is whole", done.returncode == 0, last_line(done.stdout + done.stderr))
    audit = place.dragoman("audit", "verify")
    yield Check("the audit log is whole", audit.returncode == 0, last_line(audit.stdout + audit.stderr))
    if kills.done:
        told = ", ".join(f"{name} {count}" for name, count in sorted(kills.done.items()))
        yield Check("ingests were killed", kills.done["killed"] > 0, told)


# Ingests ------------------------------------------------------------------------------------------------------------


def ingest(place: Place, file: Path, kills: Kills, count: int, *options: str) -> subprocess.CompletedProcess[str]:
    """Ingest a file; so many times the process is killed at a random moment first."""
    longest = LONGER * checking_seconds(place, file) if count else 0.0
    for _ in range(count):
        kills.left -= 1
        command = [sys.executable, "-m", "dragoman", "data", "ingest", DATASET, str(file), *options]
        silent = subprocess.DEVNULL
        child = subprocess.Popen([*command, "-w", str(place.root)], stdout=silent, stderr=silent, env=place.environment)
        try:
            child.wait(kills.draw.uniform(0.2, longest))
            kills.done["had ended"] += 1
        except subprocess.TimeoutExpired:
            kill(child.pid)
            child.wait()
            kills.done["killed"] += 1
    return place.dragoman("data", "ingest", DATASET, file, *options)


def checking_seconds(place: Place, file: Path) -> float:
    """How long it takes to hold a file against the contract: an ingest does that, and then it writes."""
    began = time.monotonic()
    place.dragoman("data", "check", DATASET, file)
    return time.monotonic() - began


def stored(place: Place) -> set[str]:
    """Files of tables and of ingests under way."""
    state = place.root / ".dragoman"
    folders = [state / "tables" / DATASET, state / "ingest", *state.glob(f"tables/{DATASET}*")]
    return {str(one.relative_to(state)) for folder in folders for one in folder.rglob("*") if one.suffix == ".parquet"}


def write_contract(place: Place) -> None:
    labels = ", ".join(json.dumps(label) for label in labels_of())
    (place.root / "contracts").mkdir(exist_ok=True)
    (place.root / "contracts" / f"{DATASET}.toml").write_text(CONTRACT.replace("LABELS", labels), encoding="utf-8")


def labels_of() -> list[str]:
    return sorted({one.label for rows in split_rows(EXAMPLE / "data", LANGUAGES)[1].values() for one in rows})


def say(place: Place, day: int, text: str) -> None:
    place.clock.set(BEGIN + day * DAY_SECONDS)
    print(f"day {day}: {text}", flush=True)


# Users meanwhile ----------------------------------------------------------------------------------------------------


class Users:
    """They ask the whole day, in a thread."""

    def __init__(self, place: Place, *, seed: int) -> None:
        self.place, self.asked, self.marks = place, list[Asked](), list[int]()
        self.world = World(split_rows(EXAMPLE / "data", place.languages)[1], seed=seed)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(30)

    def _run(self) -> None:
        url, slot = f"http://127.0.0.1:{self.place.port()}", 0
        while not self._stopping.is_set():
            texts = [
                one for language in self.world.ordinary for one in self.world.texts(language, slot, 1, changed=False)
            ]
            for rows in ask_all(url, MODEL, list(enumerate(texts)), slot=slot, moment=self.place.clock(), pace=0.05):
                self.asked += rows
            slot += 1


@contextmanager
def serving(place: Place, *, seed: int) -> Iterator[Users]:
    """The server, and users."""
    command = [sys.executable, "-m", "dragoman", "serve", "--port", str(place.port()), "-w", str(place.root)]
    server, users = Kept(command, place.folder / "server.log", place.environment), Users(place, seed=seed)
    server.keep()
    users.start()
    try:
        yield users
    finally:
        users.stop()
        server.stop()


def served(place: Place, users: Users) -> Iterator[Check]:
    """The champion is the one of before, and answered all day."""
    versions = {one.version for one in users.asked}
    after = len(users.asked) - (users.marks or [0])[0]
    text = "the champion answers all day, before and after the break"
    yield Check(text, versions == {"1"} and after > 0, f"{len(users.asked)} answers of version {sorted(versions)}")
    champions = [one["number"] for one in place.asked("models", "list") or [] if "champion" in one["aliases"]]
    yield Check("it is the champion still", champions == [1], f"{champions}")

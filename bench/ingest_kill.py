#!/usr/bin/env python3
"""Does a dataset have its old version or its new one, and nothing else, when an ingest is killed, whenever that is?

usage: bench/ingest_kill.py [KILLS] [SEED]

Starts one ingest after the other in a workspace of its own (replacing, appending, or with a quarantine) and kills each
with SIGKILL: every other one at a random moment, the others just after the last row was measured, when files are moved
and commits are made. After each kill every version that the catalog names must have the rows of its digest, the newest
one must be the one before or the one that was being made, and no bad row may be filed twice. Then the next ingest must
leave no file behind that no version names. The exit code is 1 if one of this does not hold.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from dragoman.data.ingesting import Ingesting, Progress, Stores
from dragoman.data.quarantine import quarantine_table
from dragoman.data.sources import open_source
from dragoman.data.stored_rows import verify_version
from dragoman.records import DatasetVersion
from dragoman.spec.contract_file import parse_contract
from dragoman.store.catalog import SqlCatalog
from dragoman.store.tables import DeltaTables

KILLS = 60
ROWS = 20_000
NAME = "people"
CONTRACT = """
[columns.id]
type = "string"
required = true
unique = true

[columns.age]
type = "integer"
min = 0
"""
WAYS = ("replace", "append", "quarantine")
LAST_PART = 0.3  # seconds after the last row was measured in which most commits end


class Found(NamedTuple):
    """What was found after all kills."""

    problems: list[str]
    outcomes: Counter[str]


def open_stores(folder: Path) -> Stores:
    return Stores(DeltaTables(folder / "tables"), SqlCatalog(f"sqlite:///{folder}/catalog.sqlite"), folder / "ingest")


def ingest(folder: Path, file: str, way: str, report: Callable[[Progress], None] = lambda progress: None) -> None:
    """One ingest of a file."""
    contract, stores = parse_contract(CONTRACT, name=NAME), open_stores(folder)
    with Ingesting(NAME, contract, stores) as ingesting:
        source = open_source([file], folder=folder, root=folder, columns={"id": "string", "age": "integer"})
        parent = ingesting.newest if way == "append" else None
        ingesting.run(source, parent=parent, quarantine=way == "quarantine", report=report)


def live(folder: Path, file: str, way: str) -> None:
    """Ingest, and say when it begins and when the commits do."""

    def tell(progress: Progress) -> None:
        if progress.doing == "storing" and progress.share == 1.0:
            print("committing", flush=True)

    print("ready", flush=True)
    ingest(folder, file, way, tell)


def write_rows(folder: Path, number: int, draw: random.Random) -> str:
    """A file of rows that no other file has; one in a thousand is bad."""
    name = f"{number:04}.jsonl"
    with (folder / name).open("w", encoding="utf-8") as file:
        for row in range(draw.randint(ROWS // 2, ROWS)):
            age = -1 if row % 1_000 == 999 else row % 90
            file.write(json.dumps({"id": f"{number}-{row}", "age": age}) + "\n")
    return name


def write_good_rows(folder: Path, number: int, draw: random.Random) -> str:
    name = write_rows(folder, number, draw)
    lines = [line for line in (folder / name).read_text(encoding="utf-8").splitlines() if "-1}" not in line]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return name


def kill_one(folder: Path, file: str, way: str, *, seconds: float, mark: str) -> bool:
    """Start an ingest and kill it some time after a mark; whether it was still alive."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, __file__, "live", str(folder), file, way]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout
        if not any(line.strip() == mark for line in child.stdout):
            raise RuntimeError(f"an ingest ended before it was {mark}")
        time.sleep(seconds)
        was_alive = child.poll() is None
        child.send_signal(signal.SIGKILL)
    return was_alive


def problems_of(folder: Path, before: DatasetVersion | None) -> tuple[list[str], str]:
    """What is wrong after a kill, and whether the old version or the new one is there."""
    stores, problems = open_stores(folder), []
    versions = stores.catalog.dataset_versions(NAME)
    for version in versions[-3:]:
        try:
            verify_version(version, stores.tables, folder=folder)
        except Exception as error:
            problems.append(f"{version.uri}: {error}")
    newest = versions[-1] if versions else None
    if before is not None and (newest is None or newest.number not in (before.number, before.number + 1)):
        problems.append(f"the newest version is {newest and newest.number} after {before.number}")
    if stores.tables.latest(quarantine_table(NAME)) is not None:
        filed = Counter((row["source"], row["line"]) for row in stores.tables.read(quarantine_table(NAME)).to_pylist())
        problems += [f"{place} was filed {times} times" for place, times in filed.items() if times > 1]
    return problems, "old" if newest == before else "new"


def leftovers(folder: Path) -> list[str]:
    """Files that nobody needs."""
    tables = DeltaTables(folder / "tables")
    named = {
        Path(file).name
        for name in tables.names()
        for number in range((tables.latest(name) or 0) + 1)
        for file in tables.dataset(name, version=number).files
    }
    found = [path for path in (folder / "ingest").rglob("*") if path.suffix != ".lock"]
    found += [path for path in (folder / "tables").rglob("*.parquet") if path.name not in named]
    found += (folder / "tables").rglob("*.tmp")
    return [f"left behind: {path.relative_to(folder)}" for path in found]


def kill_many(folder: Path, kills: int, *, seed: int = 0) -> Found:
    """Kill one ingest after the other, and look at what there is."""
    draw, problems, outcomes = random.Random(seed), list[str](), Counter[str]()
    ingest(folder, write_good_rows(folder, 0, draw), "replace")
    longest = duration(folder, draw)
    for number in range(2, kills + 2):
        way, is_late = WAYS[number % len(WAYS)], number % 2 == 0
        file = (write_rows if way == "quarantine" else write_good_rows)(folder, number, draw)
        before = open_stores(folder).catalog.dataset_versions(NAME)[-1]
        seconds, mark = (draw.uniform(0, LAST_PART), "committing") if is_late else (draw.uniform(0, longest), "ready")
        was_alive = kill_one(folder, file, way, seconds=seconds, mark=mark)
        wrong, which = problems_of(folder, before)
        ingest(folder, file, way)  # the next one settles what was left
        wrong += problems_of(folder, None)[0] + leftovers(folder)
        outcomes[f"{'killed' if was_alive else 'ended'}, {which} version"] += 1
        problems += [f"kill {number - 1} ({way}, {seconds:.3f} s after '{mark}'): {one}" for one in wrong]
    return Found(problems, outcomes)


def duration(folder: Path, draw: random.Random) -> float:
    """Seconds that an ingest takes."""
    file, started = write_good_rows(folder, 1, draw), time.monotonic()
    ingest(folder, file, "append")
    return time.monotonic() - started


def main(kills: int, seed: int) -> int:
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
        found = kill_many(Path(folder), kills, seed=seed)
    told = ", ".join(f"{name} {count}" for name, count in sorted(found.outcomes.items()))
    print(f"{kills} kills: {told}; {len(found.problems)} problems")
    print(*found.problems[:20], sep="\n", end="\n" if found.problems else "")
    return int(bool(found.problems))


if __name__ == "__main__":
    if sys.argv[1:2] == ["live"]:
        live(Path(sys.argv[2]), sys.argv[3], sys.argv[4])
    else:
        sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else KILLS, int(sys.argv[2]) if sys.argv[2:] else 0))

#!/usr/bin/env python3
"""Does the prediction log keep what it acknowledged when its process is killed, whenever that is?

usage: bench/prediction_log_kill.py [KILLS] [SEED]

Starts a process that appends rows and prints those that were acknowledged, kills it with SIGKILL at a random moment
(while it starts, writes, moves segments to the Delta table, or ends), and starts the next one on the same folder. Every
other process waits for each row; the others print what `stats` says is durable. At the end every acknowledged row
must be in the table exactly once, and no row twice. The exit code is 1 if one is not.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from dragoman.monitoring.prediction_log import PredictionLog, read_predictions, verify_wal
from dragoman.records import PredictionRow
from dragoman.store.tables import DeltaTables

KILLS = 100
MOVE_SECONDS = 300.0
LONGEST_LIFE = 1.5  # seconds; a process needs some tenths to start


class Outcome(NamedTuple):
    """What was found after all kills."""

    acknowledged: int
    found: int
    lost: list[str]
    twice: list[str]
    changed: list[str]  # by `verify_wal`


def open_log(folder: Path) -> PredictionLog:
    return PredictionLog(
        folder / "log", DeltaTables(folder / "tables"), flush_seconds=0.02, segment_seconds=0.1, segment_bytes=50_000
    )


def live(folder: Path, life: str, durability: str) -> None:
    """Append until killed; print what was acknowledged: a row's number, or that of all rows up to it."""
    log, draw = open_log(folder), random.Random(life)
    sent = printed = 0
    while True:
        burst = draw.randint(1, 20)
        rows = [row(f"{life}-{sent + number}") for number in range(burst)]
        ticket, sent = log.append(rows), sent + burst
        assert not log.stats.shed, log.stats.last_error  # what is durable would not be the first rows
        if durability == "each":
            assert ticket.wait() == "durable"
            print(sent, flush=True)
        elif (durable := log.stats.durable) > printed:
            print(durable, flush=True)
            printed = durable
        if draw.random() < 0.01:
            log.close()
            return
        time.sleep(draw.uniform(0, 0.005))


def row(id: str) -> PredictionRow:
    return PredictionRow(id=id, time="2026-01-02T03:04:05.678+00:00", model="m", version="1", task="t", text="ü" * 100)


def kill_one(folder: Path, life: str, *, seconds: float, durability: str) -> list[str]:
    """The ids that a process acknowledged before it was killed."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, __file__, "live", str(folder), life, durability]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        lines = child.stdout.read().split("\n")[:-1]  # the last one may be half a line
    return [f"{life}-{number}" for number in range(max(map(int, lines), default=0))]


def kill_many(folder: Path, kills: int, *, seed: int = 0) -> Outcome:
    """Kill one process after the other, then look at what there is."""
    draw, acknowledged, changed = random.Random(seed), list[str](), list[str]()
    for number in range(kills):
        durability = ("each", "batched")[number % 2]
        acknowledged += kill_one(folder, f"{number}", seconds=draw.uniform(0.2, LONGEST_LIFE), durability=durability)
        changed += verify_wal(folder / "log")
    move_all(folder)
    found = Counter(read_predictions(DeltaTables(folder / "tables"))["id"].to_pylist())
    lost = [id for id in acknowledged if id not in found]
    twice = [id for id, times in found.items() if times > 1]
    return Outcome(len(acknowledged), found.total(), lost, twice, changed)


def move_all(folder: Path) -> None:
    """Open the log once more, and wait until the table has all that was left behind."""
    log = open_log(folder)
    deadline = time.monotonic() + MOVE_SECONDS
    while log.stats.pending_segments and time.monotonic() < deadline:
        time.sleep(0.05)
    log.close()
    if log.stats.pending_segments:
        raise TimeoutError(f"{log.stats} after {MOVE_SECONDS} seconds")


def main(kills: int, seed: int) -> int:
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
        outcome = kill_many(Path(folder), kills, seed=seed)
    print(f"{kills} kills: {outcome.acknowledged} rows acknowledged, {outcome.found} in the table")
    print(f"lost {len(outcome.lost)}, twice {len(outcome.twice)}, changed {len(outcome.changed)}")
    for problem in (*outcome.lost[:5], *outcome.twice[:5], *outcome.changed[:5]):
        print(problem)
    return int(bool(outcome.lost or outcome.twice or outcome.changed))


if __name__ == "__main__":
    if sys.argv[1:2] == ["live"]:
        live(Path(sys.argv[2]), sys.argv[3], sys.argv[4])
    else:
        sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else KILLS, int(sys.argv[2]) if sys.argv[2:] else 0))

#!/usr/bin/env python3
"""What does the prediction log cost: how much of a core, and how long does a caller wait?

usage: bench/prediction_log.py [SECONDS] [ROWS_PER_SECOND]

Rows of 5 labels in 24 languages, one `append` for each. CPU is that of the whole process (appending, writing, moving
to the Delta table) less that of the same loop without a log. "late" is how late the loop wakes up: what the log's
threads take from others. With "each", every row's ticket is awaited, by as many callers as it takes.
"""

from __future__ import annotations

import asyncio
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from dragoman.monitoring.prediction_log import PredictionLog
from dragoman.records import PredictionRow
from dragoman.serving.ids import new_id
from dragoman.store.tables import DeltaTables
from dragoman.training.environment import hardware_state

SECONDS, ROWS = 60.0, 1_000
BEAT = 0.01  # seconds between two bursts of rows
LANGUAGES = ["ar", "bn", "cs", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi", "hu", "id", "it", "ja", "ko", "nl"]
LANGUAGES += ["pl", "pt", "ru", "th", "tr", "zh"]
LABELS = [f"complaint_about_{number}" for number in range(5)]


class Measured(NamedTuple):
    """CPU seconds, and nanoseconds of each append and of each late beat."""

    cpu: float
    appends: list[int]
    late: list[int]


def sample(draw: random.Random) -> PredictionRow:
    shares = sorted((draw.random() for _ in LABELS), reverse=True)
    return PredictionRow(
        id="",
        time="",
        model="support",
        version="7",
        task="text-classification",
        subject=f"SUBJECT_{draw.randbytes(8).hex()}",
        input=f"INPUT_{draw.randbytes(8).hex()}",
        language=draw.choice(LANGUAGES),
        script="Latn",
        tokens=draw.randrange(5, 90),
        windows=1,
        labels=draw.sample(LABELS, len(LABELS)),
        scores=[round(share / sum(shares), 6) for share in shares],
        queue_ms=draw.random() * 3,
        inference_ms=draw.random() * 9,
        total_ms=round(draw.random() * 12, 3),
    )


def fresh(row: PredictionRow) -> PredictionRow:
    return msgspec.structs.replace(row, id=new_id(), time=datetime.now(UTC).isoformat(timespec="milliseconds"))


def play(append: Callable[[PredictionRow], object], *, seconds: float, rate: int) -> Measured:
    """Give rows at a rate."""
    pool = [sample(random.Random(seed)) for seed in range(1_000)]
    appends, late = [], []
    cpu, begun, sent = time.process_time(), time.perf_counter(), 0
    for beat in range(1, round(seconds / BEAT) + 1):
        while sent < beat * BEAT * rate:
            row, sent = fresh(pool[sent % len(pool)]), sent + 1
            started = time.perf_counter_ns()
            append(row)
            appends.append(time.perf_counter_ns() - started)
        due = begun + beat * BEAT
        time.sleep(max(due - time.perf_counter(), 0))
        late.append(round(max(time.perf_counter() - due, 0) * 1e9))
    return Measured(time.process_time() - cpu, appends, late)


async def wait_each(log: PredictionLog, *, seconds: float, rate: int) -> list[int]:
    """Nanoseconds from a row to the disk's answer."""
    row = sample(random.Random(0))
    took: list[int] = []

    async def one() -> None:
        started = time.perf_counter_ns()
        assert await log.append([fresh(row)]).durable()
        took.append(time.perf_counter_ns() - started)

    begun, tasks = time.perf_counter(), set()
    for number in range(round(seconds * rate)):
        await asyncio.sleep(max(begun + number / rate - time.perf_counter(), 0))
        tasks.add(asyncio.create_task(one()))
    await asyncio.gather(*tasks)
    return took


def shown(nanoseconds: list[int]) -> str:
    ranked = sorted(nanoseconds)
    quantiles = (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0))
    return ", ".join(
        f"{name} {ranked[min(int(share * len(ranked)), len(ranked) - 1)] / 1e6:.3f} ms" for name, share in quantiles
    )


def main(seconds: float, rate: int) -> None:
    hardware = hardware_state()
    print(f"{hardware['processor']}, {hardware['cores']} cores, Python {sys.version.split()[0]}; {rate} rows/s")
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
        tables = DeltaTables(Path(folder) / "tables")
        without = play(lambda row: None, seconds=min(seconds, 20), rate=rate)
        log = PredictionLog(Path(folder) / "log", tables)
        began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        measured = play(lambda row: log.append([row]), seconds=seconds, rate=rate)
        closing = time.process_time()
        log.close()
        cpu = measured.cpu + time.process_time() - closing - without.cpu * seconds / min(seconds, 20)
        print(f"{log.stats}")
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - began) / 1024
        print(f"CPU of the log   {cpu / seconds:.2%} of one core, {cpu / len(measured.appends) * 1e6:.1f} us a row")
        print(f"memory           {grown:.0f} MB more at the most, the table's libraries among them")
        print(f"append           {shown(measured.appends)}")
        print(f"late with it     {shown(measured.late)}")
        print(f"late without     {shown(without.late)}")
        for waited in (10, 100, rate):
            with_each = PredictionLog(Path(folder) / "each", tables)
            began_cpu = time.process_time()
            took = asyncio.run(wait_each(with_each, seconds=5, rate=waited))
            share = (time.process_time() - began_cpu) / 5
            with_each.close()
            print(f"each, {waited:>5}/s    {shown(took)}; {share:.1%} of one core, the callers' share among it")


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else SECONDS, int(sys.argv[2]) if sys.argv[2:] else ROWS)

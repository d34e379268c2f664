#!/usr/bin/env python3
"""How fast are online features, how much memory does materializing take, and does it survive being killed?

usage: bench/online_features.py latency [REQUESTS]
       bench/online_features.py materialize [EVENTS] [ENTITIES]
       bench/online_features.py kills [KILLS] [SEED]
       FEAST=PYTHON bench/online_features.py feast [REQUESTS]

`latency` reads 50 features of one entity (sums, means, deviations, extremes, counts, last values and texts over five
windows), with 30 and with 1,000 events behind them, from SQLite and, where it is installed, from a Redis of its own.
`feast` reads 50 numbers of one entity from Feast's online stores, in the Python where Feast is installed.
`materialize` makes rows of random events and says how long it took and how much memory, at most, the process held.
`kills` kills one materialization after the other with SIGKILL at a random moment; after each, every row must have
the values of the old version of the dataset or of the new one, and after the last run those of the newest.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.services.redis_server import redis_is_here, running_redis

from dragoman.features import Entity, Events, Expression, View, col, count
from dragoman.features.offline import WorkspaceSources
from dragoman.features.online import Asked, OnlineFeatures, freshness, materialize, push
from dragoman.features.source_types import types_of
from dragoman.features.times import SECOND, moment_of, text_of
from dragoman.records import AppliedView
from dragoman.store.online import OnlineStore, open_online
from dragoman.store.tables import DeltaTables

WINDOWS = ("1h", "1d", "7d", "30d", "90d")
SCHEMA = pa.schema(
    [
        ("customer", pa.int64()),
        ("at", pa.timestamp("us", "UTC")),
        ("amount", pa.float64()),
        ("pieces", pa.int64()),
        ("category", pa.string()),
    ]
)
DAY = 86_400 * SECOND
NOW = moment_of("2026-06-01") or 0
NAME = "orders"


def fifty() -> dict[str, Expression]:
    """Ten aggregates over five windows."""
    made: dict[str, Callable[[], Expression]] = {
        "count": count,
        "sum": lambda: col("amount").sum(),
        "mean": lambda: col("amount").mean(),
        "std": lambda: col("amount").std(),
        "max": lambda: col("amount").max(),
        "pieces": lambda: col("pieces").sum(),
        "least": lambda: col("pieces").min(),
        "last": lambda: col("category").last(),
        "kinds": lambda: col("category").distinct(),
        "big": lambda: count().where(col("amount") > 50),
    }
    return {f"{name}_{window}": make().over(window) for name, make in made.items() for window in WINDOWS}


def few() -> dict[str, Expression]:
    return {name: feature for name, feature in fifty().items() if name.endswith(("_7d", "_90d"))}


def applied(features: dict[str, Expression]) -> AppliedView:
    view = View(
        "shop",
        entity=Entity("customer", keys=["customer"]),
        source=Events(NAME, time="at"),
        features=features,
        owner="a",
    )
    return AppliedView(
        name=view.name,
        digest=view.digest,
        definition=view.definition(),
        columns=view.columns(SCHEMA),
        types=types_of(SCHEMA),
        owner="a",
        applied="",
        by="",
    )


def events(rows: int, entities: int, *, seed: int, days: int = 90) -> pa.Table:
    draw = np.random.default_rng(seed)
    at = NOW - draw.integers(0, days * DAY, rows)
    categories = pa.array([f"category {number}" for number in range(20)])
    return pa.table(
        {
            "customer": draw.integers(0, entities, rows),
            "at": pa.array(np.sort(at)).cast(pa.timestamp("us", "UTC")),
            "amount": np.round(draw.exponential(30.0, rows), 2),
            "pieces": draw.integers(1, 9, rows),
            "category": categories.take(pa.array(draw.integers(0, 20, rows))),
        },
        schema=SCHEMA,
    )


# Latency ------------------------------------------------------------------------------------------------------------


@contextmanager
def stores(folder: Path) -> Iterator[dict[str, OnlineStore]]:
    found: dict[str, OnlineStore] = {"SQLite": open_online("", folder)}
    if not redis_is_here():
        yield found
        return
    with running_redis() as url:
        yield found | {"Redis, localhost": open_online(url, folder)}


def latency(requests: int) -> None:
    print("| store | events behind | entities a request | read p50 | p99 | its CPU | push p50 | p99 | its CPU |")
    print("|---|---|---|---|---|---|---|---|---|")
    for behind, entities in ((30, 3_000), (1_000, 300)):
        with tempfile.TemporaryDirectory() as name, stores(Path(name)) as found:
            tables = DeltaTables(Path(name) / "tables")
            tables.overwrite(NAME, events(behind * entities, entities, seed=0))
            for label, store in found.items():
                materialize(applied(fifty()), WorkspaceSources(tables, Path(name)), store, now=NOW)
                for together in (1, 20):
                    measure(label, store, behind, entities, requests=requests // together, together=together)
                store.close()


def measure(label: str, store: OnlineStore, behind: int, entities: int, *, requests: int, together: int) -> None:
    view, draw = applied(fifty()), random.Random(0)
    features = OnlineFeatures(store, [view])
    asked = [[Asked(["shop"], draw.randrange(entities)) for _ in range(together)] for _ in range(requests)]
    read = timed(lambda one: features.get(one, now=NOW + 60 * SECOND), asked)
    sent = [
        {
            "customer": draw.randrange(entities),
            "at": text_of(NOW + number),
            "amount": 9.5,
            "pieces": 1,
            "category": "new",
        }
        for number in range(200 if together == 1 else 0)
    ]
    pushed = timed(lambda one: push(view, [one], store, now=NOW + 200), sent) if sent else []
    print(f"| {label} | {behind:,} | {together} | {told(read)} | {told(pushed) if pushed else '| | '} |", flush=True)


def timed(do: Callable[[Any], Any], given: Sequence[Any]) -> list[tuple[float, float]]:
    """Milliseconds of each call, and those of the processor, after some that do not count."""
    for one in given[:20]:
        do(one)
    took = []
    for one in given:
        started, worked = time.perf_counter(), time.thread_time()
        do(one)
        took.append(((time.perf_counter() - started) * 1_000, (time.thread_time() - worked) * 1_000))
    return took


def told(took: Sequence[tuple[float, float]]) -> str:
    wall, worked = (statistics.quantiles(column, n=100) for column in zip(*took, strict=True))
    return f"{wall[49]:.2f} ms | {wall[98]:.2f} ms | {worked[98]:.2f} ms"


# Feast --------------------------------------------------------------------------------------------------------------

FEAST = """
import random, statistics, sys, time
from datetime import datetime, timedelta, timezone
from pathlib import Path
import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig
from feast.repo_config import RegistryConfig
from feast.types import Float32

folder, kind, requests = sys.argv[1], sys.argv[2], int(sys.argv[3])
online = {"type": "sqlite", "path": folder + "/online.db"} if kind == "sqlite" else {
    "type": "redis", "connection_string": kind}
store = FeatureStore(config=RepoConfig(project="bench", provider="local", registry=folder + "/registry.db",
    online_store=online, offline_store={"type": "file"}, entity_key_serialization_version=3))
now = datetime.now(timezone.utc)
names = [f"f{n}" for n in range(50)]
frame = pd.DataFrame({"customer": range(3000), "at": now, **{name: 1.5 for name in names}})
frame.to_parquet(folder + "/events.parquet")
customer = Entity(name="customer", join_keys=["customer"])
schema = [Field(name=name, dtype=Float32) for name in names]
view = FeatureView(name="shop", entities=[customer], ttl=timedelta(days=90), schema=schema,
    source=FileSource(path=folder + "/events.parquet", timestamp_field="at"))
store.apply([customer, view])
store.write_to_online_store("shop", frame)
asked = [f"shop:{name}" for name in names]
draw = random.Random(0)
for together in (1, 20):
    took = []
    for number in range(requests // together + 20):
        rows = [{"customer": draw.randrange(3000)} for _ in range(together)]
        started = time.perf_counter()
        found = store.get_online_features(features=asked, entity_rows=rows).to_dict()
        took.append((time.perf_counter() - started) * 1000)
        assert found["f7"][0] == 1.5, found["f7"]
    cuts = statistics.quantiles(took[20:], n=100)
    name = "SQLite" if kind == "sqlite" else "Redis, localhost"
    print(f"| Feast, {name} | {together} | {cuts[49]:.2f} ms | {cuts[98]:.2f} ms |", flush=True)
"""


def feast(requests: int) -> None:
    print("| store | entities a request | read p50 | p99 |")
    print("|---|---|---|---|")
    with running_redis() as url:
        for kind in ("sqlite", url.removeprefix("redis://")):
            with tempfile.TemporaryDirectory() as folder:
                command = [os.environ["FEAST"], "-W", "ignore", "-c", FEAST, folder, kind, str(requests)]
                subprocess.run(command, check=True, cwd=folder)


# Memory -------------------------------------------------------------------------------------------------------------


def materializing(rows: int, entities: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        tables = DeltaTables(Path(name) / "tables")
        for part in range(max(1, rows // 1_000_000)):
            tables.append(NAME, events(min(rows, 1_000_000), entities, seed=part))
        command = [sys.executable, __file__, "one", name]
        child = subprocess.run(command, check=True, capture_output=True, text=True)
        print(f"{rows:,} events of {entities:,} entities, 20 features: {child.stdout.strip()}")


def one_materialization(folder: Path) -> None:
    store, tables = open_online("", folder), DeltaTables(folder / "tables")
    started = time.perf_counter()
    mark = materialize(applied(few()), WorkspaceSources(tables, folder), store, now=NOW)
    took, most = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    size = sum(file.stat().st_size for file in folder.glob("online.sqlite*")) / 1_000_000
    print(f"{took:.0f} s, {most:.0f} MiB at most, {mark.rows:,} rows, {size:.0f} MB on disk")


# Kills --------------------------------------------------------------------------------------------------------------


def kills(number: int, seed: int) -> int:
    draw, problems, outcomes = random.Random(seed), list[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        folder, entities = Path(name), 2_000
        tables = DeltaTables(folder / "tables")
        tables.append(NAME, events(20_000, entities, seed=0))
        one_materialization(folder)
        tables.overwrite(NAME, events(20_000, entities, seed=1))
        longest = kill_one(folder, None)[1]
        for turn in range(1, number + 1):
            if turn % 3 == 0:
                tables.overwrite(NAME, events(20_000, entities, seed=turn))  # all rows anew
            else:
                tables.append(NAME, events(2_000, entities, seed=turn))
            was_alive = kill_one(folder, draw.uniform(0, longest * 0.9))[0]
            store = open_online("", folder)
            served = freshness(applied(few()), store, now=NOW).dataset_number
            latest = tables.latest(NAME)
            versions = [one for one in ((latest or 1) - 1, latest) if one is not None]
            wrong = wrong_rows(folder, store, versions, draw)
            if turn % 2 == 0:  # else the next one finds what is left
                materialize(applied(few()), WorkspaceSources(tables, folder), store, now=NOW)
                wrong += wrong_rows(folder, store, [latest or 0], draw)
            else:
                materialize(applied(few()), WorkspaceSources(tables, folder), store, now=NOW)
            outcomes[f"{'killed' if was_alive else 'ended'}, mark of the {'new' if served == latest else 'old'}"] += 1
            problems += [f"kill {turn}: {one}" for one in wrong]
            store.close()
    print(f"{number} kills: {', '.join(f'{k} {v}' for k, v in sorted(outcomes.items()))}; {len(problems)} problems")
    print(*problems[:20], sep="\n", end="\n" if problems else "")
    return int(bool(problems))


def kill_one(folder: Path, seconds: float | None) -> tuple[bool, float]:
    """Materialize in a process, and kill it some seconds after it began; whether it was alive, and how long it ran."""
    command = [sys.executable, __file__, "live", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
        started = time.perf_counter()
        if seconds is None:
            child.wait()
            return False, time.perf_counter() - started
        time.sleep(seconds)
        was_alive = child.poll() is None
        child.send_signal(signal.SIGKILL)
    return was_alive, time.perf_counter() - started


def wrong_rows(folder: Path, store: OnlineStore, versions: Sequence[int], draw: random.Random) -> list[str]:
    """Entities whose row has the values of none of the versions."""
    keys = draw.sample(range(2_000), 200)
    found = OnlineFeatures(store, [applied(few())]).get([Asked(["shop"], key) for key in keys], now=NOW)
    wanted = [by_source(folder, version, keys) for version in versions]
    return [
        f"customer {key} has {row.values} of none of {versions}"
        for key, row, *right in zip(keys, found, *wanted, strict=True)
        if row.values not in right
    ]


def by_source(folder: Path, version: int, keys: Sequence[int]) -> list[dict[str, Any]]:
    from dragoman.features.offline import join_as_of

    view = View.from_definition(applied(few()).definition)
    sources = WorkspaceSources(DeltaTables(folder / "tables"), folder, versions={NAME: version})
    rows = pa.table({"customer": keys, "now": pa.array([NOW] * len(keys)).cast(pa.timestamp("us", "UTC"))})
    joined = join_as_of(rows, [view], sources, time="now")
    found: list[dict[str, Any]] = joined.drop_columns(["customer", "now"]).to_pylist()
    return found


def main(arguments: Sequence[str]) -> int:
    verb, *rest = arguments or [""]
    numbers = [int(one) for one in rest if one.isdigit()]
    if verb == "latency":
        latency(numbers[0] if numbers else 5_000)
    elif verb == "feast" and "FEAST" in os.environ and shutil.which(os.environ["FEAST"]):
        feast(numbers[0] if numbers else 1_000)
    elif verb == "materialize":
        materializing(*(numbers or [10_000_000, 200_000]))
    elif verb in ("one", "live"):
        if verb == "live":
            print("ready", flush=True)
        one_materialization(Path(rest[0]))
    elif verb == "kills":
        return kills(*((numbers or [30])[:1]), *(numbers[1:] or [0]))
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

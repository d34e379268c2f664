#!/usr/bin/env python3
"""How fast is the point-in-time join, in how much memory, and which rows do pandas and Feast get wrong?

usage: bench/point_in_time.py [--events N] [--rows N] [--keys N] [--rounds N] [--peer PYTHON] [--folder FOLDER]

Events of a year: each has a time and a time from which it was known; one in five is late, by two days on average, and
3 % of the rows are corrections of an amount, known days after the event. Rows ask for a random key at a random
moment. Everybody reads the same Parquet files (Dragoman a Delta table of them) in a process of its own; times are from
opening the files to the values in memory, by the clock and by the processor (all threads), and memory is the largest
resident set. Contenders take turns, `--rounds` times. `--peer` is an interpreter that has pandas, Feast and what
Feast's DuckDB store needs.

What is right: the last value and the sum by the definition in docs/point-in-time.md, which a slow program computes for
a sample of the rows; Dragoman has to agree with it on all of them, and then stands for it on the others.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from dragoman.features import Entity, Events, View, col, count, hours_since
from dragoman.features.offline import WorkspaceSources, join_as_of
from dragoman.store.tables import DeltaTables

DAY = 86_400_000_000  # microseconds
START = 1_735_689_600_000_000  # 2025-01-01
DAYS, FIRST_ROW = 365, 120
SAMPLE = 2_000
TIME = pa.timestamp("us", "UTC")

COMMON = """
import json, resource, sys, time
import pandas as pd
folder, out = sys.argv[1], sys.argv[2]

def spent():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime

before, started = spent(), time.perf_counter()

def done(values):
    seconds, processor = time.perf_counter() - started, spent() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    pd.DataFrame({"value": values}).to_parquet(out)
    print(json.dumps({"seconds": seconds, "processor": processor, "peak": peak}))
"""
READ = """
events = pd.read_parquet(f"{folder}/events.parquet", columns=["customer_id", "ordered_at", "loaded_at", "amount"])
rows = pd.read_parquet(f"{folder}/rows.parquet")
rows["row"] = range(len(rows))
"""
ASOF = (
    READ
    + """
events = events.sort_values(["{column}", "{other}"])
found = pd.merge_asof(rows.sort_values("asked_at"), events, left_on="asked_at", right_on="{column}", by="customer_id",
                      tolerance=pd.Timedelta("90d"))
done(found.sort_values("row")["amount"].to_numpy())
"""
)
ROLLING = (
    READ
    + """
asked = rows.rename(columns={"asked_at": "ordered_at"}).assign(amount=0.0)
both = pd.concat([events.assign(row=-1)[["customer_id", "ordered_at", "amount", "row"]], asked])
both = both.sort_values(["customer_id", "ordered_at", "row"], kind="stable").reset_index(drop=True)
both["sum"] = both.groupby("customer_id").rolling("30D", on="ordered_at")["amount"].sum().to_numpy()
done(both[both["row"] >= 0].sort_values("row")["sum"].to_numpy())
"""
)
FEAST = """
import datetime, pathlib, tempfile, warnings
warnings.simplefilter("ignore")
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.types import Float64
source = FileSource(path=f"{folder}/events.parquet", timestamp_field="ordered_at", created_timestamp_column="loaded_at")
customer = Entity(name="customer", join_keys=["customer_id"], value_type=ValueType.INT64)
view = FeatureView(name="activity", entities=[customer], ttl=datetime.timedelta(days=90), source=source,
                   schema=[Field(name="amount", dtype=Float64)])
repo = tempfile.mkdtemp(dir=folder)
store = FeatureStore(config=RepoConfig(project="bench", provider="local", registry=f"{repo}/registry.db",
    online_store={"type": "sqlite", "path": f"{repo}/online.db"}, offline_store={"type": "{store}"},
    entity_key_serialization_version=3))
store.apply([customer, view])
before, started = spent(), time.perf_counter()
rows = pd.read_parquet(f"{folder}/rows.parquet").rename(columns={"asked_at": "event_timestamp"})
rows["row"] = range(len(rows))
found = store.get_historical_features(entity_df=rows, features=["activity:amount"]).to_df()
done(found.sort_values("row")["amount"].to_numpy())
"""
PEERS = {
    "pandas merge_asof, event time": COMMON + ASOF.replace("{column}", "ordered_at").replace("{other}", "loaded_at"),
    "pandas merge_asof, known time": COMMON + ASOF.replace("{column}", "loaded_at").replace("{other}", "ordered_at"),
    "pandas groupby rolling sum": COMMON + ROLLING,
    "Feast, DuckDB store": COMMON + FEAST.replace("{store}", "duckdb"),
    "Feast, file store": COMMON + FEAST.replace("{store}", "file"),
}
OWN = {"Dragoman, last": ["last"], "Dragoman, 6 features": ["last", "sum", "count", "mean", "max", "since"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--peer", help="a Python interpreter with pandas and feast[duckdb]")
    parser.add_argument("--most-memory", type=int, default=12, help="GiB after which a peer is given up")
    parser.add_argument("--without", nargs="*", default=[], help="parts of names of contenders to leave out")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--own", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.own:
        run_own(options.folder, options.own)
        return
    with tempfile.TemporaryDirectory() as folder:
        options.folder = options.folder or Path(folder)
        compare(options)


def compare(options: argparse.Namespace) -> None:
    make_data(options.folder, options.events, options.rows, options.keys)
    names = [name for name in [*OWN, *(PEERS if options.peer else [])] if not any(w in name for w in options.without)]
    print(
        f"{options.events:,} events, {options.rows:,} rows, {options.keys:,} keys; {os.cpu_count()} processors", end=""
    )
    print(f", Python {platform.python_version()}; load {os.getloadavg()[0]:.1f} at the start", flush=True)
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in names:
            taken[name].append(run(name, options))
            print(f"  {name}: {taken[name][-1]}", flush=True)
    print_table(taken, options.folder)


def run(name: str, options: argparse.Namespace) -> dict[str, float]:
    """Seconds and peak memory of one contender in a process of its own; empty if it failed."""
    out, folder = result_of(options.folder, name), str(options.folder)
    if name in OWN:
        command = [sys.executable, __file__, "--folder", folder, "--own", name]
    else:
        command = [options.peer, "-c", PEERS[name], folder, str(out)]

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (options.most_memory * 2**30,) * 2)

    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=limit)
    if done.returncode:
        print(f"  {name} failed: {done.stderr.strip().splitlines()[-1:]}")
        return {}
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def run_own(folder: Path, name: str) -> None:
    before, started = time.process_time(), time.perf_counter()
    rows = parquet.read_table(folder / "rows.parquet")
    table = join_as_of(rows, [view_of(OWN[name])], WorkspaceSources(DeltaTables(folder), folder), time="asked_at")
    seconds, processor = time.perf_counter() - started, time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    parquet.write_table(table.select([f"activity.{feature}" for feature in OWN[name]]), result_of(folder, name))
    print(json.dumps({"seconds": seconds, "processor": processor, "peak": peak}))


def view_of(features: list[str]) -> View:
    known = {
        "last": col("amount").last(),
        "sum": col("amount").sum().over("30d"),
        "count": count().over("30d"),
        "mean": col("amount").mean(),
        "max": col("amount").max().over("30d"),
        "since": hours_since(col("ordered_at").last()),
    }
    source = Events("orders", time="ordered_at", available="loaded_at", id="order_id")
    chosen = {name: known[name] for name in features}
    entity = Entity("customer", keys=["customer_id"])
    return View("activity", entity=entity, source=source, ttl="90d", features=chosen, owner="bench")


def make_data(folder: Path, events: int, rows: int, keys: int) -> None:
    rng = np.random.default_rng(1)
    fresh = int(events * 0.97)
    times = np.sort(rng.integers(0, DAYS * DAY, fresh)) + START
    customers = rng.integers(0, keys, fresh)
    late = np.where(rng.random(fresh) < 0.2, rng.exponential(2 * DAY, fresh), 5e6).astype(np.int64)
    amounts = np.round(rng.gamma(2, 20, fresh), 2)
    again = rng.choice(fresh, events - fresh, replace=False)
    news = times[again] + late[again] + rng.exponential(5 * DAY, len(again)).astype(np.int64)
    known = np.concatenate([times + late, news])
    order = np.argsort(known, kind="stable")
    columns = {
        "customer_id": np.concatenate([customers, customers[again]]),
        "order_id": np.concatenate([np.arange(fresh), again]),
        "ordered_at": np.concatenate([times, times[again]]),
        "loaded_at": known,
        "amount": np.concatenate([amounts, np.round(amounts[again] * rng.uniform(0, 1, len(again)), 2)]),
    }
    table = pa.table({name: values[order] for name, values in columns.items()})
    for name in ("ordered_at", "loaded_at"):
        table = table.set_column(table.column_names.index(name), name, table[name].cast(TIME))
    DeltaTables(folder).overwrite("orders", table)
    parquet.write_table(table, folder / "events.parquet")
    moments = pa.array(rng.integers(FIRST_ROW * DAY, DAYS * DAY, rows) + START).cast(TIME)
    parquet.write_table(
        pa.table({"customer_id": rng.integers(0, keys, rows), "asked_at": moments}), folder / "rows.parquet"
    )


def result_of(folder: Path, name: str) -> Path:
    return folder / f"{name.replace(' ', '-').replace(',', '')}.parquet"


def print_table(taken: dict[str, list[dict[str, float]]], folder: Path) -> None:
    own = parquet.read_table(result_of(folder, "Dragoman, 6 features"))
    differ = check_sample(folder, own)
    print(f"\nDragoman differs from the definition in {differ} of {SAMPLE:,} rows of a sample.\n")
    print("| contender | seconds | processor seconds | peak memory, GiB | wrong rows |\n|---|---|---|---|---|")
    for name, runs in taken.items():
        good = [one for one in runs if one]
        if not good:
            print(f"| {name} | gave up | | | |")
            continue
        seconds, spent = (" ".join(f"{one[of]:.1f}" for one in good) for of in ("seconds", "processor"))
        wrong = wrong_rows(folder, name, own)
        share = f"{wrong:,} ({100 * wrong / own.num_rows:.1f} %)"
        print(f"| {name} | {seconds} | {spent} | {max(one['peak'] for one in good):.1f} | {share} |")


def wrong_rows(folder: Path, name: str, own: pa.Table) -> int:
    """Rows whose last value, or sum to the cent, is another than the right one."""
    table = parquet.read_table(result_of(folder, name))
    is_sum = "sum" in name
    right = own["activity.sum" if is_sum else "activity.last"].fill_null(0.0 if is_sum else np.nan).to_numpy()
    found = table.column(0).cast(pa.float64()).fill_null(np.nan).to_numpy()
    return len(right) - int(np.isclose(found, right, rtol=0, atol=0.005, equal_nan=True).sum())


def check_sample(folder: Path, own: pa.Table) -> int:
    """In how many rows of a sample Dragoman's last value or sum is not that of the definition."""
    rows = parquet.read_table(folder / "rows.parquet")
    chosen = np.sort(np.random.default_rng(2).choice(rows.num_rows, min(SAMPLE, rows.num_rows), replace=False))
    asked = rows.take(pa.array(chosen))
    events = parquet.read_table(folder / "events.parquet")
    events = events.filter(pc.is_in(events["customer_id"], value_set=asked["customer_id"].combine_chunks()))
    for name in ("ordered_at", "loaded_at"):
        events = events.set_column(events.column_names.index(name), name, events[name].cast(pa.int64()))
    by_key: dict[int, list[dict[str, float]]] = {}
    for event in events.to_pylist():
        by_key.setdefault(event["customer_id"], []).append(event)
    found = own.take(pa.array(chosen)).to_pylist()
    moments = asked["asked_at"].cast(pa.int64()).to_pylist()
    keys = asked["customer_id"].to_pylist()
    return sum(
        by_definition(by_key.get(key, []), now) != (row["activity.last"], row["activity.sum"])
        for key, now, row in zip(keys, moments, found, strict=True)
    )


def by_definition(events: list[dict[str, float]], now: int) -> tuple[float | None, float | None]:
    """The last amount of 90 days and the sum of 30 days, of one key at a moment."""
    import math

    newest: dict[float, dict[str, float]] = {}
    for event in events:
        if event["loaded_at"] <= now:
            known = newest.get(event["order_id"])
            if known is None or known["loaded_at"] <= event["loaded_at"]:
                newest[event["order_id"]] = event
    counted = [one for one in newest.values() if now - 90 * DAY < one["ordered_at"] <= now]
    summed = [one["amount"] for one in counted if one["ordered_at"] > now - 30 * DAY]
    latest = max(counted, key=lambda one: (one["ordered_at"], one["loaded_at"]), default=None)
    return latest and latest["amount"], math.fsum(summed) if summed else None


if __name__ == "__main__":
    main()

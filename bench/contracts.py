"""How fast is a contract held against ten million rows, in how much memory, and what do its peers take?

    python bench/contracts.py                                   # ten million rows, ten checks
    python bench/contracts.py --rows 1000000
    python bench/contracts.py --peers PYTHON  # beside pandera and Great Expectations, as installed there

Rows are generated: an id, a text of words in several scripts, a language, a label, an amount and a score; Parquet and
CSV hold the same. One row in 10,000 breaks one of the checks, and every tool must count the broken rows as they were
planted. Each tool has the same ten checks, in a process of its own, which reads the file itself; tools take turns,
`--rounds` times, and the medians are printed. Texts are judged for blanks and lengths; what the peers cannot judge
(scripts, damaged encodings) is left out here. No limit is checked.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

LANGUAGES = ["ar", "de", "en", "es", "fr", "hi", "ja", "pt", "ru", "sw", "th", "zh"]
LABELS = ["order_status", "refund", "cancel_order", "invoice", "delivery", "account", "payment", "other"]
WORDS = [
    "wo",
    "ist",
    "mein",
    "paket",
    "where",
    "order",
    "заказ",
    "где",
    "注文",
    "どこ",
    "คำสั่งซื้อ",
    "आदेश",
    "कहाँ",
    "طلبي",
    "أين",
    "pedido",
    "onde",
    "agizo",
    "wapi",
    "commande",
]
PLANTED_EVERY = 10_000
PART = 500_000
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("text", pa.string()),
        ("language", pa.string()),
        ("label", pa.string()),
        ("amount", pa.float64()),
        ("score", pa.int64()),
    ]
)

CONTRACT = f"""
[columns.id]
type = "string"
required = true
unique = true
pattern = "[a-z]{{2}}-[0-9]{{9}}"
[columns.text]
type = "string"
required = true
max_length = 200
refuse = ["blank"]
[columns.language]
type = "string"
required = true
[columns.label]
type = "string"
required = true
[columns.amount]
type = "number"
min = 0
max = 10000
[columns.score]
type = "integer"
min = 1
max = 5
[languages]
allowed = {json.dumps(LANGUAGES)}
[labels]
allowed = {json.dumps(LABELS)}
[rows]
min = 1000
"""

PEAK = """
def peak():  # since the program began; that of getrusage is the parent's, if that had more
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
"""

DRAGOMAN = """
import json, sys, time
from pathlib import Path
from dragoman.data.rules import Checker
from dragoman.data.sources import open_source
from dragoman.spec.contract_file import parse_contract
started, used = time.perf_counter(), time.process_time()
contract = parse_contract(Path(sys.argv[2]).read_text(), source="bench.toml")
columns = {name: one.type for name, one in contract.columns.items()}
source = open_source([sys.argv[1]], folder=Path("/"), root=Path("/"), columns=columns)
with Checker(contract) as checker:
    for batch, place in source.batches():
        checker.judge(batch, place)
    report = checker.finish()
"""

PANDERA = """
import json, sys, time
started, used = time.perf_counter(), time.process_time()
import pandera.polars as pa, polars as pl
planted = json.loads(sys.argv[2])
schema = pa.DataFrameSchema({
    "id": pa.Column(str, [pa.Check.str_matches("^[a-z]{2}-[0-9]{9}$")], unique=True),
    "text": pa.Column(str, [pa.Check.str_length(max_value=200), pa.Check.str_matches(r"\\S")]),
    "language": pa.Column(str, pa.Check.isin(planted["languages"])),
    "label": pa.Column(str, pa.Check.isin(planted["labels"])),
    "amount": pa.Column(float, pa.Check.in_range(0, 10000)),
    "score": pa.Column(int, pa.Check.in_range(1, 5)),
}, checks=pa.Check(lambda data: data.lazyframe.select(pl.len() >= 1000)))
frame = pl.read_parquet(sys.argv[1]) if sys.argv[1].endswith("parquet") else pl.read_csv(sys.argv[1])
bad = 0
try:
    schema.validate(frame, lazy=True)
except pa.errors.SchemaErrors as error:
    cases = error.failure_cases
    bad = len(cases) if cases is not None else -1
print(json.dumps({"seconds": time.perf_counter() - started, "cpu": time.process_time() - used, "bad": bad,
    "peak": peak()}))
"""

EXPECTATIONS = """
import json, os, sys, time
os.environ["GX_ANALYTICS_ENABLED"] = "false"
started, used = time.perf_counter(), time.process_time()
import great_expectations as gx, pandas as pd
from great_expectations import expectations as e
planted = json.loads(sys.argv[2])
frame = pd.read_parquet(sys.argv[1]) if sys.argv[1].endswith("parquet") else pd.read_csv(sys.argv[1])
context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
suite = gx.ExpectationSuite(name="s", expectations=[
    e.ExpectColumnValuesToBeUnique(column="id"),
    e.ExpectColumnValuesToMatchRegex(column="id", regex="^[a-z]{2}-[0-9]{9}$"),
    e.ExpectColumnValuesToNotBeNull(column="text"), e.ExpectColumnValueLengthsToBeBetween(column="text", max_value=200),
    e.ExpectColumnValuesToMatchRegex(column="text", regex=r"\\S"),
    e.ExpectColumnValuesToBeInSet(column="language", value_set=planted["languages"]),
    e.ExpectColumnValuesToBeInSet(column="label", value_set=planted["labels"]),
    e.ExpectColumnValuesToBeBetween(column="amount", min_value=0, max_value=10000),
    e.ExpectColumnValuesToBeBetween(column="score", min_value=1, max_value=5),
    e.ExpectTableRowCountToBeBetween(min_value=1000),
])
batch = context.data_sources.add_pandas("p").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")
batch = batch.get_batch({"dataframe": frame})
result = batch.validate(suite, result_format="SUMMARY")
bad = sum(one.result.get("unexpected_count", 0) or 0 for one in result.results)
print(json.dumps({"seconds": time.perf_counter() - started, "cpu": time.process_time() - used, "bad": bad,
    "peak": peak()}))
"""

TELL = """
bad = sum(one.count for one in report.violations)
print(json.dumps({"seconds": time.perf_counter() - started, "cpu": time.process_time() - used, "bad": bad,
    "peak": peak(), "rules": report.rules}))
"""


def parts(rows: int) -> Iterator[pa.RecordBatch]:
    """Rows, of which some break one check each."""
    chance = np.random.default_rng(7)
    for start in range(0, rows, PART):
        count = min(PART, rows - start)
        words = np.array(WORDS, dtype=object)
        picked = words[chance.integers(0, len(words), (count, 6))]
        texts = [" ".join(row) for row in picked]
        columns: dict[str, list[Any]] = {
            "id": [f"{LANGUAGES[number % 12]}-{number:09d}" for number in range(start, start + count)],
            "text": texts,
            "language": np.array(LANGUAGES, dtype=object)[chance.integers(0, 12, count)].tolist(),
            "label": np.array(LABELS, dtype=object)[chance.integers(0, 8, count)].tolist(),
            "amount": chance.gamma(2.0, 40.0, count).round(2).tolist(),
            "score": chance.integers(1, 6, count).tolist(),
        }
        _plant(columns, start)
        yield pa.RecordBatch.from_pydict(columns, schema=SCHEMA)


def _plant(columns: dict[str, list[Any]], start: int) -> None:
    bad: list[tuple[str, Any]] = [
        ("id", "XX"), ("text", "x" * 300), ("text", "  "), ("language", "xx"), ("label", "nope"), ("amount", -1.0),
        ("score", 9),
    ]  # fmt: skip
    for place in range(PLANTED_EVERY // 2, len(columns["id"]), PLANTED_EVERY):
        column, value = bad[((start + place) // PLANTED_EVERY) % len(bad)]
        columns[column][place] = f"XX{start + place}" if column == "id" else value


def write(folder: Path, rows: int) -> tuple[Path, Path]:
    parquet, csv = folder / f"rows-{rows}.parquet", folder / f"rows-{rows}.csv"
    with pq.ParquetWriter(parquet, SCHEMA) as one, pa_csv.CSVWriter(csv, SCHEMA) as other:
        for batch in parts(rows):
            one.write_batch(batch)
            other.write_batch(batch)
    return parquet, csv


def measure(python: str, program: str, *arguments: str) -> dict[str, Any]:
    done = subprocess.run([python, "-c", PEAK + program, *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr[-2_000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--peers", help="interpreter of an environment with pandera[polars] and great_expectations")
    parser.add_argument("--peer-rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        contract = folder / "bench.toml"
        contract.write_text(CONTRACT)
        own = ("Dragoman", sys.executable, DRAGOMAN + TELL, str(contract))
        planted = json.dumps({"languages": LANGUAGES, "labels": LABELS})
        peers = [("pandera (polars)", options.peers, PANDERA, planted), ("Great Expectations (pandas)", options.peers, EXPECTATIONS, planted)]  # fmt: skip # noqa: E501
        sizes = [(options.rows, [own])] + ([(options.peer_rows, [own, *peers])] if options.peers else [])
        print("| rows | file | tool | seconds | processor seconds | peak memory | broken rows found | planted |")
        print("|---|---|---|---|---|---|---|---|")
        for rows, tools in sizes:
            report(rows, tools, folder, options.rounds)


def report(rows: int, tools: list[tuple[str, str, str, str]], folder: Path, rounds: int) -> None:
    planted = sum(range_count(start, min(PART, rows - start)) for start in range(0, rows, PART))
    for path in write(folder, rows):
        found: dict[str, list[dict[str, Any]]] = {name: [] for name, *_ in tools}
        for _ in range(rounds):
            for name, python, program, argument in tools:
                found[name].append(measure(python, program, str(path), argument))
        for name, runs in found.items():
            seconds, cpu, peak = (statistics.median(run[key] for run in runs) for key in ("seconds", "cpu", "peak"))
            print(
                f"| {rows:,} | {path.suffix[1:]} | {name} | {seconds:.1f} | {cpu:.1f} | {peak / 1024:,.0f} MiB "
                f"| {runs[0]['bad']:,} | {planted:,} |",
                flush=True,
            )
        path.unlink()


def range_count(start: int, count: int) -> int:
    return len(range(PLANTED_EVERY // 2, count, PLANTED_EVERY))


if __name__ == "__main__":
    main()

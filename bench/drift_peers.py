"""How often do Evidently and NannyML, at their defaults, call what is unchanged, and what do they see? And Dragoman?

    DRAGOMAN_DATA=FOLDER python bench/drift_peers.py [--workspace FOLDER] [--only NAME] [--sizes NUMBER...]

Draws windows of real texts in 24 languages, unchanged and changed in one language, measures them with the champion of a
workspace, has all three judge such windows, and prints tables of Markdown. The peers are installed into an environment
of their own and run there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from bench.drift.months import LOOKS, hours_until_noticed, per_month, upper_bound
from bench.drift.pools import Change, Pools
from bench.drift.scenarios import MODEL
from bench.drift.signals import Seen, Seer
from bench.drift.stream import Shift, Traffic, profile_of, reference_of
from bench.drift.watch import Watch

from dragoman.profiles import Probe, Reference
from dragoman.spec import DriftSpec

HERE = Path(__file__).resolve().parent / "drift"
PINS = ("evidently==0.7.23", "nannyml==0.13.1", "pandas==2.3.3")  # both import names that pandas 3 has moved
PEERS = ("evidently", "nannyml")
DAY = 24
FEW_LANGUAGES = ("ar", "de", "es", "hi", "it", "zh")  # where a look is slow
SHARES = (0.05, 0.1, 0.2, 0.5, 1.0)
SHIFTS = {
    "ar": ("UTF-8 read as Latin-1", Change(spoil="misread")),
    "es": ("Portuguese texts", Change(source="pt")),
    "it": ("first 30% of each text", Change(spoil="truncated")),
}


class Size(NamedTuple):
    """Texts per language in a window and in the reference.

    `windows` is how many unchanged ones there are of each language, and how many of each change.
    """

    window: int
    reference: int
    languages: Sequence[str] = MODEL
    windows: int = 8


SIZES = (
    Size(50, 500),
    Size(50, 5_000),
    Size(500, 5_000),
    Size(5_000, 50_000, FEW_LANGUAGES),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path, default=Path("examples/support"), help="where the champion is")
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "dragoman-drift", help="for signals"
    )
    parser.add_argument("--peers", type=Path, help="environment of the peers, made if it is not there")
    parser.add_argument("--only", choices=(*PEERS, "dragoman"), help="this one only")
    parser.add_argument("--sizes", type=int, nargs="*", default=range(len(SIZES)), help="numbers of SIZES")
    options = parser.parse_args()
    pools = Pools(Seer(options.workspace, options.cache))
    for number in options.sizes:
        size = SIZES[number]
        print(
            f"\n## Windows of {size.window:,} texts, a reference of {size.reference:,}, {len(size.languages)} languages"
        )
        if asked := [peer for peer in PEERS if options.only in {None, peer}]:
            compare(pools, size, asked, environment(options.peers or options.cache / "peers"))
        if options.only in {None, "dragoman"}:
            ourselves(pools, size)


# The peers ----------------------------------------------------------------------------------------------------------


def environment(folder: Path) -> Path:
    """The Python of an environment with the peers."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PINS], check=True)
    return python


def compare(pools: Pools, size: Size, peers: Sequence[str], python: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_streams(pools, size, folder)
        for peer in peers:
            silent = os.environ | {"DO_NOT_TRACK": "1", "NML_DISABLE_USAGE_LOGGING": "1", "PYTHONWARNINGS": "ignore"}
            command = [str(python), str(HERE / f"peer_{peer}.py"), temporary, *FEW_LANGUAGES]
            subprocess.run(command, check=True, env=silent)
            report(peer, json.loads((folder / f"{peer}.json").read_text()), size)


def write_streams(pools: Pools, size: Size, folder: Path) -> None:
    """Parquet files of reference and windows: unchanged ones, and of changed languages those of every share."""
    own = {name: pools.of("plain", name) for name in size.languages}
    first = next(Traffic(own, texts=size.reference, seed=0).hours(1))
    probe = Probe.fit(first.seen.vectors, first.languages.tolist())
    pq.write_table(table(first.languages, first.seen, probe), folder / "reference.parquet")
    pq.write_table(pa.concat_tables(windows(pools, own, size, probe)), folder / "windows.parquet")


def windows(pools: Pools, own: dict[str, Seen], size: Size, probe: Probe) -> Iterator[pa.Table]:
    for hour in Traffic(own, texts=size.window, seed=1).hours(size.windows):
        yield table(hour.languages, hour.seen, probe, f"same {hour.number}")
    for name, (_, change) in SHIFTS.items():
        for share in SHARES:
            shift = Shift(name, 0, pools.of("plain", name, change), share)
            traffic = Traffic({name: own[name]}, texts=size.window, seed=2)
            for hour in traffic.hours(size.windows, [shift]):
                yield table(hour.languages, hour.seen, probe, f"{share:g} {hour.number}")


def table(languages: np.ndarray[Any, Any], seen: Seen, probe: Probe, window: str = "reference") -> pa.Table:
    columns = {name.replace(".", "_"): column for name, column in seen.measured(probe).items()}
    return pa.table({"language": languages, "window": [window] * len(seen), "text": seen.columns["text"], **columns})


def report(peer: str, said: dict[str, Any], size: Size) -> None:
    """One table of false alarms per kind of column, one of what was seen."""
    found = [one for one in said["found"] if one["alarm"] is not None]
    seconds = said["seconds"]
    parts = ", ".join(f"{name} {value:.2f}" for name, value in seconds.items())
    print(f"\n{peer}: CPU seconds a window of one language: {parts};", end=" ")
    print(
        f"{said['megabytes']:,.0f} MB; {len(said['found']) - len(found)} of {len(said['found'])} verdicts were errors"
    )
    same = [one for one in found if one["window"].startswith("same")]
    print("\n| columns | verdicts | alarms | share | per 30 days, 24 languages |\n|---|---|---|---|---|")
    for title, kept in groups(same).items():
        alarms, columns = sum(one["alarm"] for one in kept), len({one["column"] for one in kept})
        whole = {"columns": columns, "languages": len(MODEL)}
        rate = (
            f"{per_month(alarms, len(kept), **whole):,.0f}"
            if alarms
            else (f"0 (at most {upper_bound(alarms, len(kept), **whole):,.0f})")
        )
        print(f"| {title} | {len(kept)} | {alarms} | {alarms / len(kept):.1%} | {rate} |")
    print(f"\nOf unchanged windows of a language, in any column: {noticed(same)}\n")
    print("| language | " + " | ".join(f"{share:.0%}" for share in SHARES) + " |")
    print("|---" * (len(SHARES) + 1) + "|")
    for name, (what, _) in SHIFTS.items():
        own = [one for one in found if one["language"] == name]
        cells = (noticed([one for one in own if one["window"].startswith(f"{share:g} ")]) for share in SHARES)
        print(f"| {name}: {what} | " + " | ".join(cells) + " |")


def groups(found: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """By kind of column."""
    kinds = {"text": "text", "embedding": "embedding", "script": "categories", "label": "categories"}
    sorted_out: dict[str, list[dict[str, Any]]] = {"all": found}
    for one in found:
        sorted_out.setdefault(kinds.get(one["column"], "numbers"), []).append(one)
    return sorted_out


def noticed(found: list[dict[str, Any]]) -> str:
    """The share of windows that alarm, and after how many hours the first of them comes on average."""
    share = any_column(found)
    return f"{share:.0%}, {hours_until_noticed(share):.1f} h" if share > 0 else "0%"


def any_column(found: list[dict[str, Any]]) -> float:
    """Share of windows of which at least one column says that they changed."""
    said: dict[tuple[str, str], bool] = {}
    for one in found:
        key = one["language"], one["window"]
        said[key] = said.get(key, False) or one["alarm"]
    return float(np.mean(list(said.values()))) if said else float("nan")


# Dragoman -----------------------------------------------------------------------------------------------------------


def ourselves(pools: Pools, size: Size) -> None:
    """A month in which nothing changes, then every change from the first hour on."""
    own = {name: pools.of("plain", name) for name in size.languages}
    reference = reference_of(own, texts=size.reference, seed=0)
    judged = Watch(reference, DriftSpec())
    seconds, told, stored = 0.0, set(), 0
    for hour in Traffic(own, texts=size.window, seed=1).hours(LOOKS):
        profile = profile_of(hour, reference)
        begun = time.process_time()
        told |= {(one.language, one.name) for one in judged.look(profile)}
        seconds, stored = seconds + time.process_time() - begun, len(profile.encode())
    looked = f"{seconds / LOOKS:.3f} CPU s a look at {len(own)} languages, {stored / 1_000:.0f} kB an hour"
    print(f"\ndragoman: {looked}; in 30 days {len(told)} false alarms {sorted(told)}")
    print("\n| language | " + " | ".join(f"{share:.0%}" for share in SHARES) + " |")
    print("|---" * (len(SHARES) + 1) + "|")
    for name, (what, change) in SHIFTS.items():
        shifts = [Shift(name, 0, pools.of("plain", name, change), share) for share in SHARES]
        cells = (hours_of(own, reference, size, shift) for shift in shifts)
        print(f"| {name}: {what} | " + " | ".join(cells) + " |", flush=True)


def hours_of(own: dict[str, Seen], reference: Reference, size: Size, shift: Shift) -> str:
    """Looks until one speaks of the language, and of what; empty after a day."""
    judged = Watch(reference, DriftSpec())
    for hour in Traffic(own, texts=size.window, seed=2).hours(DAY, [shift]):
        if named := [one for one in judged.look(profile_of(hour, reference)) if one.language == shift.language]:
            return f"{hour.number + 1} ({min(named, key=lambda one: one.evidence['log10_p']).name})"
    return ""


if __name__ == "__main__":
    main()

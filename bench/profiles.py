#!/usr/bin/env python3
"""How long does it take to summarise a day of predictions in profiles, and in how much memory?

usage: bench/profiles.py [ROWS] [CHUNK_ROWS]

Rows of all 26 signals (10 of texts and answers, 16 projections of vectors) in 40 languages, whose sizes fall as 1/rank,
come as Arrow batches: numbers as columns, language, script and label as dictionaries. One process, one thread. Timed is
`Profile.add_columns` with the reading of the Arrow columns; making the rows is not. Beside it the histograms alone as
they are written at first: rows of each language by mask, then `numpy.histogram`, on the first batch.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from dragoman.bench.machine import machine_state
from dragoman.profiles import DIRECTIONS, Coded, Probe, Profile, Reference, build_reference
from dragoman.profiles.columns import Column

ROWS, CHUNK = 10_000_000, 500_000
REFERENCE_ROWS = 40_000
LANGUAGES = [f"l{number:02}" for number in range(40)]
SHARES = (1 / np.arange(1, 41)) / (1 / np.arange(1, 41)).sum()
SCRIPTS, LABELS = ["Latn", "Cyrl", "Arab"], [f"label {number}" for number in range(12)]
HIDDEN = 384


def batches(rows: int, chunk: int, *, seed: int) -> Iterator[pa.RecordBatch]:
    """Rows that look like a day's predictions."""
    rng = np.random.default_rng(seed)
    for start in range(0, rows, chunk):
        yield batch(min(chunk, rows - start), rng)


def batch(rows: int, rng: np.random.Generator) -> pa.RecordBatch:
    scores = rng.beta(8, 2, rows).round(6)
    rare = np.where(rng.random(rows) < 0.1, rng.beta(1, 30, rows), 0.0).round(6)
    columns = {
        "language": names(LANGUAGES, rng.choice(40, rows, p=SHARES)),
        "tokens": pa.array(rng.negative_binomial(4, 0.1, rows).astype(np.float64)),
        "fertility": pa.array(rng.gamma(20, 0.015, rows).round(6)),
        "unknown": pa.array(rare),
        "bytes": pa.array(np.roll(rare, 1)),
        "script": names(SCRIPTS, rng.choice(3, rows, p=[0.9, 0.08, 0.02])),
        "foreign": pa.array(np.roll(rare, 2)),
        "confidence": pa.array(rng.beta(50, 1, rows).round(6)),
        "label": names(LABELS, rng.integers(0, 12, rows)),
        "score": pa.array(scores),
        "entropy": pa.array((1 - scores).round(6)),
    }
    projections = rng.standard_normal((DIRECTIONS, rows), dtype=np.float32)
    columns |= {f"embedding.{place}": pa.array(row) for place, row in enumerate(projections)}
    return pa.RecordBatch.from_pydict(columns)


def names(values: list[str], codes: np.ndarray) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int16)), pa.array(values))


def columns_in(rows: pa.RecordBatch) -> tuple[Coded, dict[str, Column]]:
    """The languages, and the other columns as a profile takes them: numbers without a copy."""
    columns = {name: column_of(rows.column(name)) for name in rows.schema.names if name != "language"}
    return coded_of(rows.column("language")), columns


def column_of(array: pa.Array) -> Column:
    return coded_of(array) if isinstance(array, pa.DictionaryArray) else np.asarray(array)


def coded_of(array: pa.DictionaryArray) -> Coded:
    return Coded(array.dictionary.to_pylist(), np.asarray(array.indices))


def reference() -> Reference:
    rng = np.random.default_rng(1)
    languages, columns = columns_in(batch(REFERENCE_ROWS, rng))
    probe = Probe.fit(rng.standard_normal((1_000, HIDDEN)).astype(np.float32), ["l00"] * 1_000)
    return build_reference([languages.names[code] for code in languages.codes], columns, probe=probe)


def summarise(profile: Profile, rows: int, chunk: int) -> float:
    """Seconds of counting."""
    seconds = 0.0
    for one in batches(rows, chunk, seed=2):
        started = time.perf_counter()
        languages, columns = columns_in(one)
        profile.add_columns(languages, columns)
        seconds += time.perf_counter() - started
    return seconds


def plainly(known: Reference, one: pa.RecordBatch) -> float:
    """Seconds of histograms of the numbers, language by language."""
    started = time.perf_counter()
    languages, columns = columns_in(one)
    for number, name in enumerate(LANGUAGES):
        mask = languages.codes == number
        for signal, layout in known.languages[name].layouts.items():
            column = columns[signal]
            if isinstance(column, np.ndarray):
                np.histogram(column[mask], bins=[-np.inf, *layout.edges, np.inf])
    return time.perf_counter() - started


def main(rows: int = ROWS, chunk: int = CHUNK) -> None:
    print("\n".join(f"{name}: {value}" for name, value in machine_state().items()))
    known = reference()
    profile = Profile(known)
    before = peak()
    seconds = summarise(profile, rows, chunk)
    assert sum(profile.mix.values()) == rows
    plain = plainly(known, next(batches(chunk, chunk, seed=2)))
    print(f"reference: {len(known.to_bytes()):,} bytes; profile: {len(profile.encode()):,} bytes")
    print(f"{rows:,} rows x 26 signals: {seconds:.1f} s, {rows / seconds:,.0f} rows/s")
    print(f"numpy.histogram by mask: {plain:.1f} s for {chunk:,} rows, {chunk / plain:,.0f} rows/s")
    print(f"peak memory of the process: {peak():,.0f} MiB, of which {before:,.0f} MiB before the first row")


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

"""Which language detector should a model carry: one fitted on its own texts, or py3langid restricted to its languages?

    python bench/language.py

Fits on the training split of the example workspace, asks about its test split, and prints accuracy over all, the worst
language, and the time per text.
"""

from __future__ import annotations

import json
import statistics
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from dragoman.text.langid import LangidDetector
from dragoman.text.language import Detector, NgramDetector

DATA = Path(__file__).resolve().parent.parent / "examples" / "support" / "data"


class Result(NamedTuple):
    """What a detector reached."""

    accuracy: float
    worst: tuple[float, str]
    microseconds: float


def main() -> None:
    rows = [json.loads(line) for file in sorted(DATA.glob("*.jsonl")) for line in file.open(encoding="utf-8")]
    train = [row for row in rows if row["split"] == "train"]
    test = [row for row in rows if row["split"] == "test"]
    own = NgramDetector.fit([row["text"] for row in train], [row["language"] for row in train])
    langid = LangidDetector(sorted({row["language"] for row in rows}))
    print(f"{len(train)} texts to learn from, {len(test)} to ask about; {len(own.to_bytes()) / 2**20:.1f} MB\n")
    print("| detector | accuracy | worst language | µs a text |\n|---|---|---|---|")
    for name, detector in (("NgramDetector", own), ("py3langid, restricted", langid)):
        result = measure(detector, test)
        worst = f"{result.worst[0]:.3f} ({result.worst[1]})"
        print(f"| {name} | {result.accuracy:.3f} | {worst} | {result.microseconds:.0f} |")


def measure(detector: Detector, rows: list[dict[str, str]]) -> Result:
    hits: dict[str, list[bool]] = defaultdict(list)
    times = []
    for row in rows:
        started = time.perf_counter()
        language, _ = detector.detect(row["text"])
        times.append(time.perf_counter() - started)
        hits[row["language"]].append(language == row["language"])
    worst = min((statistics.mean(found), name) for name, found in hits.items())
    everything = [hit for found in hits.values() for hit in found]
    return Result(statistics.mean(everything), worst, statistics.median(times) * 1e6)


if __name__ == "__main__":
    main()

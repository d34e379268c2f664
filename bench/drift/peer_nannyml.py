"""NannyML's defaults on windows. Runs in the peers' environment: python peer_nannyml.py FOLDER

Reads reference.parquet and windows.parquet, writes nannyml.json: what each column said of each window. A window is a
chunk; the reference is cut into chunks of the same size, whose mean ± 3 standard deviations are the thresholds.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import nannyml
import pandas as pd

NUMBERS = ["tokens", "fertility", "unknown", "bytes", "foreign", "confidence", "score", "entropy"]
CATEGORIES = ["script", "label"]


def main(folder: Path) -> None:
    warnings.simplefilter("ignore")
    references = dict(iter(pd.read_parquet(folder / "reference.parquet").groupby("language")))
    windows = pd.read_parquet(folder / "windows.parquet")
    found: list[dict[str, Any]] = []
    seconds, started = dict.fromkeys(("fit", "signals", "embedding"), 0.0), time.process_time()
    for language, of_language in windows.groupby("language"):
        found += [{"language": language, **one} for one in look(references[language], of_language, seconds)]
    looks = len(windows.groupby(["language", "window"]))
    report = {
        "found": found,
        "seconds": {part: several / looks for part, several in seconds.items()},
        "wall": time.process_time() - started,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    (folder / "nannyml.json").write_text(json.dumps(report))


def look(reference: pd.DataFrame, windows: pd.DataFrame, seconds: dict[str, float]) -> list[dict[str, Any]]:
    """All windows of a language, one chunk each, in the order in which they stand."""
    names, size = list(dict.fromkeys(windows["window"])), len(windows) // windows["window"].nunique()
    embedding = [name for name in reference if name.startswith("embedding")]
    begun = time.process_time()
    one = nannyml.UnivariateDriftCalculator(
        column_names=NUMBERS + CATEGORIES, treat_as_categorical=CATEGORIES, chunk_size=size
    ).fit(reference)
    many = nannyml.DataReconstructionDriftCalculator(column_names=embedding, chunk_size=size).fit(reference)
    fitted = time.process_time()
    columns = one.calculate(windows).filter(period="analysis").to_df()
    calculated = time.process_time()
    error = many.calculate(windows).filter(period="analysis").to_df()
    seconds["fit"] += fitted - begun
    seconds["signals"] += calculated - fitted
    seconds["embedding"] += time.process_time() - calculated
    alarms = {name: columns[(name, "jensen_shannon", "alert")] for name in NUMBERS + CATEGORIES}
    alarms["embedding"] = error[("reconstruction_error", "alert")]
    return [
        {"window": window, "column": column, "alarm": bool(alarm)}
        for column, several in alarms.items()
        for window, alarm in zip(names, several, strict=True)
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]))

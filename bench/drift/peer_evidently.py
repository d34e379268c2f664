"""Evidently's defaults on windows. Runs in the peers' environment: python peer_evidently.py FOLDER LANGUAGE...

Reads reference.parquet and windows.parquet, writes evidently.json: what each column said of each window. Texts and
embeddings are judged in these languages only, in the first window of each kind.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.legacy.metrics.data_drift.embedding_drift_methods import ModelDriftMethod
from evidently.presets import DataDriftPreset
from verdicts import verdict

NUMBERS = ["tokens", "fertility", "unknown", "bytes", "foreign", "confidence", "score", "entropy"]
CATEGORIES = ["script", "label"]
SIGNALS = DataDefinition(numerical_columns=NUMBERS, categorical_columns=CATEGORIES)
TEXTS = DataDefinition(text_columns=["text"])


def main(folder: Path, few: list[str]) -> None:
    warnings.simplefilter("ignore")
    references = dict(iter(pd.read_parquet(folder / "reference.parquet").groupby("language")))
    windows = pd.read_parquet(folder / "windows.parquet")
    windows = windows[windows["window"].map(is_judged)]
    found, started = [], time.process_time()
    seconds: dict[str, list[float]] = {"signals": [], "text": [], "embedding": []}
    for (language, name), window in windows.groupby(["language", "window"]):
        for part, look in LOOKS.items():
            if part != "signals" and (language not in few or not name.endswith(" 0")):
                continue  # its classifiers take seconds
            begun = time.process_time()
            said = look(references[language], window)
            seconds[part].append(time.process_time() - begun)
            found += [{"language": language, "window": name, **one} for one in said]
    report = {
        "found": found,
        "seconds": {part: sum(several) / len(several) for part, several in seconds.items()},
        "wall": time.process_time() - started,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    (folder / "evidently.json").write_text(json.dumps(report))


def is_judged(name: str) -> bool:
    """Of unchanged windows the first, of changed ones the first two: each takes a second."""
    kind, number = name.split()
    return int(number) < (1 if kind == "same" else 2)


def signals(reference: pd.DataFrame, window: pd.DataFrame) -> list[dict[str, Any]]:
    return preset(reference[NUMBERS + CATEGORIES], window[NUMBERS + CATEGORIES], SIGNALS)


def text(reference: pd.DataFrame, window: pd.DataFrame) -> list[dict[str, Any]]:
    try:
        return preset(reference[["text"]], window[["text"]], TEXTS)
    except ValueError as error:  # its vectoriser found no words in the texts
        return [{"column": "text", "alarm": None, "error": str(error)[:200]}]


def embedding(reference: pd.DataFrame, window: pd.DataFrame) -> list[dict[str, Any]]:
    columns = [name for name in reference if name.startswith("embedding")]
    value, alarm, _ = ModelDriftMethod()(window[columns], reference[columns])
    return [{"column": "embedding", "alarm": bool(alarm), "value": float(value), "method": "model"}]


def preset(reference: pd.DataFrame, window: pd.DataFrame, definition: DataDefinition) -> list[dict[str, Any]]:
    report = Report([DataDriftPreset()], include_tests=True)
    done = report.run(Dataset.from_pandas(window, definition), Dataset.from_pandas(reference, definition)).dict()
    return [one for metric in done["metrics"] if (one := verdict(metric)) is not None]


LOOKS = {"signals": signals, "text": text, "embedding": embedding}

if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

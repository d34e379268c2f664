"""What do text and features give together? The example workspace `examples/churn`, beside plain baselines.

    python bench/fusion_quality.py [--customers 8000] [--folder FOLDER]

The data are made by the example's own script, so the best that any model could reach is known. The two models of
Dragoman, with features and without, go the whole way: ingest, views, point-in-time join, training, bundle, and answers
from the loaded bundle. The baselines get the same joined columns.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

EXAMPLE = Path(__file__).parent.parent / "examples" / "churn"
YES = "cancels"
RESAMPLES = 1_000

Doubles = NDArray[np.float64]


class Row(NamedTuple):
    """One line of the table."""

    model: str
    reads: str
    scores: Doubles  # [test rows] the probability that the customer cancels
    seconds: float | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=8_000)
    parser.add_argument("--folder", type=Path, default=None)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch) / "churn"
        seconds = prepare(folder, given.customers)
        show(folder, seconds)


def prepare(folder: Path, customers: int) -> dict[str, float]:
    """The workspace with two trained models; how long each took."""
    if (folder / ".dragoman").exists():
        return {}
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("data", ".dragoman", "keys", "__pycache__"))
    spec = (folder / "models" / "churn.toml").read_text()
    kept = [part for part in spec.split("\n\n") if not part.startswith(("[features]", "[gates]", "# A later"))]
    (folder / "models" / "text.toml").write_text("\n\n".join(kept).replace('name = "churn"', 'name = "text"', 1))
    run(folder, sys.executable, "make_data.py", "--customers", str(customers))
    dragoman(folder, "data", "ingest", "events", "data/events.csv")
    dragoman(folder, "data", "ingest", "messages", "data/messages.jsonl")
    dragoman(folder, "features", "apply")
    dragoman(folder, "features", "materialize")
    return {name: dragoman(folder, "train", name) for name in ("churn", "text")}


def dragoman(folder: Path, *words: str) -> float:
    return run(folder, sys.executable, "-m", "dragoman", *words)


def run(folder: Path, *command: str) -> float:
    started = time.monotonic()
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    if done.returncode not in (0, 1):  # 1: a gate that few customers do not reach
        raise SystemExit(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return time.monotonic() - started


def show(folder: Path, seconds: dict[str, float]) -> None:
    from dragoman import open_workspace
    from dragoman.training.roc import roc_auc

    workspace = open_workspace(folder)
    examples = workspace._all_examples("churn")  # noqa: SLF001 (all splits, as in training)
    parts = {name: [one for one in examples if one.split == name] for name in ("train", "dev", "test")}
    truth = np.array([one.label == YES for one in parts["test"]])
    with (folder / "data" / "truth.csv").open() as file:
        chance = {row["id"]: float(row["chance"]) for row in csv.DictReader(file)}
    rows = [
        *baselines([*parts["train"], *parts["dev"]], parts["test"]),
        *own(workspace, parts["test"], seconds),
        Row("the generator's own probabilities", "", np.array([chance[one.id] for one in parts["test"]]), None),
    ]
    print(f"{len(examples)} messages, {len(truth)} of them to test, {truth.mean():.1%} cancel; {machine()}\n")
    print("| model | reads | ROC AUC | log loss | seconds |\n|---|---|---|---|---|")
    for row in rows:
        area = roc_auc(row.scores, truth)
        assert area is not None
        loss, low, high = log_loss(row.scores, truth)
        took = "" if row.seconds is None else f"{row.seconds:.0f}"
        print(
            f"| {row.model} | {row.reads} | {area.value:.3f} ({area.low:.3f} to {area.high:.3f}) "
            f"| {loss:.3f} ({low:.3f} to {high:.3f}) | {took} |"
        )


def machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def log_loss(scores: Doubles, truth: NDArray[np.bool_]) -> tuple[float, float, float]:
    """With its bootstrap interval."""
    losses = -np.log(np.clip(np.where(truth, scores, 1 - scores), 1e-12, 1))
    random = np.random.default_rng(0)
    means = [losses[random.integers(0, len(losses), len(losses))].mean() for _ in range(RESAMPLES)]
    return float(losses.mean()), *np.quantile(means, [0.025, 0.975]).tolist()


# Dragoman -----------------------------------------------------------------------------------------------------------


def own(workspace: Any, test: Sequence[Any], seconds: dict[str, float]) -> list[Row]:
    fused, text = workspace.load("models:/churn/1"), workspace.load("models:/text/1")
    try:
        names = [column.name for column in fused.columns]
        view = [name for name in names if "." in name]
        return [
            Row("Dragoman, text only", "text", answers(text, test, None), seconds.get("text")),
            Row("Dragoman, fused", "text, columns, view", answers(fused, test, names), seconds.get("churn")),
            Row("the same, the view missing", "text, columns", answers(fused, test, names, without=view), None),
            Row("the same, all features missing", "text", answers(fused, test, names, without=names), None),
        ]
    finally:
        fused.close()
        text.close()


def answers(model: Any, test: Sequence[Any], names: Sequence[str] | None, without: Sequence[str] = ()) -> Doubles:
    from dragoman.records import TextInput

    scores = []
    for start in range(0, len(test), 512):
        inputs = [
            TextInput(text=one.text, language=one.language)
            if names is None
            else TextInput(
                text=one.text,
                language=one.language,
                features={name: None if name in without else one.features.get(name) for name in names},
            )
            for one in test[start : start + 512]
        ]
        found = model.predict(inputs)
        scores += [next(label.score for label in one.labels if label.label == YES) for one in found]
    return np.array(scores)


# Baselines ----------------------------------------------------------------------------------------------------------


def baselines(train: Sequence[Any], test: Sequence[Any]) -> list[Row]:
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

    names, amounts = kinds([*train, *test])
    first, last = table(train, names, amounts), table(test, names, amounts)  # the text, then names, then amounts
    labels = np.array([one.label == YES for one in train])
    of_names, of_amounts = list(range(1, 1 + len(names))), list(range(1 + len(names), 1 + len(names) + len(amounts)))
    words = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, min_df=2)
    lines = [
        ("names", OneHotEncoder(handle_unknown="ignore"), of_names),
        ("amounts", make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), of_amounts),
    ]
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    coded = ColumnTransformer([("names", codes, of_names), ("amounts", "passthrough", of_amounts)]).fit(first)
    numbers = [coded.transform(part).astype(float) for part in (first, last)]
    places = list(range(len(names)))
    boosted = HistGradientBoostingClassifier(categorical_features=places, early_stopping=True, random_state=0)
    text = make_pipeline(ColumnTransformer([("text", words, 0)]), LogisticRegression(max_iter=2_000, C=3.0))

    def linear(*parts: Any) -> Callable[[], Doubles]:
        model = make_pipeline(ColumnTransformer(parts), LogisticRegression(max_iter=2_000, C=3.0))
        return lambda: model.fit(first, labels).predict_proba(last)[:, 1]

    def boosting() -> Doubles:
        return boosted.fit(numbers[0], labels).predict_proba(numbers[1])[:, 1]

    def stacked() -> Doubles:
        """Boosting over the columns and the text model's score, which is out of fold in training."""
        fold = cross_val_predict(text, first, labels, cv=5, method="predict_proba")[:, 1]
        score = text.fit(first, labels).predict_proba(last)[:, 1]
        model = boosted.fit(np.column_stack([numbers[0], fold]), labels)
        return model.predict_proba(np.column_stack([numbers[1], score]))[:, 1]

    both = "text, columns, view"
    return [
        timed("tf-idf, logistic regression", "text", linear(("text", words, 0))),
        timed("logistic regression", "columns, view", linear(*lines)),
        timed("HistGradientBoosting", "columns, view", boosting),
        timed("tf-idf and columns, logistic regression", both, linear(("text", words, 0), *lines)),
        timed("HistGradientBoosting over columns and the text score", both, stacked),
    ]


def kinds(examples: Sequence[Any]) -> tuple[list[str], list[str]]:
    """The columns of names, and those of amounts."""
    found: dict[str, bool] = {}
    for one in examples:
        for name, value in one.features.items():
            if value is not None and name not in ("asked_at", "customer_id"):
                found.setdefault(name, isinstance(value, str))
    return [name for name, is_name in found.items() if is_name], [
        name for name, is_name in found.items() if not is_name
    ]


def table(examples: Sequence[Any], names: Sequence[str], amounts: Sequence[str]) -> NDArray[np.object_]:
    rows = [
        [one.text, *(one.features.get(name) or "" for name in names), *map(one.features.get, amounts)]
        for one in examples
    ]
    matrix = np.empty((len(rows), 1 + len(names) + len(amounts)), dtype=object)
    matrix[:] = [[np.nan if value is None else value for value in row] for row in rows]
    return matrix


def timed(model: str, reads: str, predict: Callable[[], Doubles]) -> Row:
    started = time.monotonic()
    scores = predict()
    return Row(model, reads, scores, time.monotonic() - started)


if __name__ == "__main__":
    main()

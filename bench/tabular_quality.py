"""How good are models of tables beside a plain scikit-learn baseline, and how long do they train and answer?

    DRAGOMAN_DATA=FOLDER python bench/tabular_quality.py [--seeds N] [--only NAME]

Reads `tabular-bank-marketing` and `tabular-bike-sharing` from DRAGOMAN_DATA (default: data), writes a
workspace, and trains through `Workspace.train`: the rows of the test files are the test split, and a tenth of the
others is the dev split (of the bank by number, of the bikes the newest). The baselines are given train and dev rows
together: gradient boosting with its defaults over ordinal codes, and a linear model over standardised numbers and one
column per category. All read the same columns. Of times, the hour, the month and the day's number are read.

The second table says what the calibration and the intervals bring, on the test split.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error, r2_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from dragoman import open_workspace
from dragoman.data.table_examples import TableExamples, table_examples, text_columns
from dragoman.data.table_files import read_table
from dragoman.models.scores import softmax
from dragoman.models.tabular.opening import TabularModel, open_tabular
from dragoman.registry.bundle import Bundle
from dragoman.spec import ModelSpec, convert_spec
from dragoman.training.evaluation import calibration_error

BANK = ["age", "job", "marital", "education", "default", "balance", "housing", "loan", "contact", "day", "month"]
BANK_LAST = ["campaign", "pdays", "previous", "poutcome"]
BIKES = ["hour", "month", "daynumber", "season", "holiday", "weekday", "workingday", "weathersit"]
BIKES_LAST = ["temp", "atemp", "hum", "windspeed"]

Rows = list[dict[str, str]]


class Question(NamedTuple):
    """One data set, read in one way."""

    name: str
    folder: str
    task: str
    target: str
    columns: list[str]
    categories: list[str]
    labels: list[str]
    prepare: Callable[[Rows, Rows], Rows]


def of_bank(train: Rows, test: Rows) -> Rows:
    for number, row in enumerate(train):
        row["split"] = "dev" if number % 10 == 3 else "train"
    return [*train, *({**row, "split": "test"} for row in test)]


def of_bikes(train: Rows, test: Rows) -> Rows:
    border = sorted(row["event_timestamp"] for row in train)[len(train) * 9 // 10]
    for row in train:
        row["split"] = "dev" if row["event_timestamp"] >= border else "train"
    rows = [*train, *({**row, "split": "test"} for row in test)]
    for row in rows:
        moment = datetime.fromisoformat(row["event_timestamp"])
        row |= {"hour": str(moment.hour), "month": str(moment.month), "daynumber": str(moment.toordinal())}
    return rows


BIKE_CATEGORIES = ["season", "weathersit"]
QUESTIONS = [
    Question(
        "bank", "tabular-bank-marketing", "tabular-classification", "y", [*BANK, *BANK_LAST], [], ["no", "yes"], of_bank
    ),
    Question(
        "bank, with duration", "tabular-bank-marketing", "tabular-classification", "y",
        [*BANK, "duration", *BANK_LAST], [], ["no", "yes"], of_bank,
    ),
    Question(
        "bikes", "tabular-bike-sharing", "tabular-regression", "cnt", [*BIKES, *BIKES_LAST], BIKE_CATEGORIES, [],
        of_bikes,
    ),
]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", help="Part of the name of a question.")
    options = parser.parse_args()
    data = Path(os.environ.get("DRAGOMAN_DATA", "data"))
    if not data.is_dir():
        print(f"There is no folder {data}: name it in DRAGOMAN_DATA.", file=sys.stderr)
        return 2
    extras = []
    for question in QUESTIONS:
        if options.only in question.name:
            with tempfile.TemporaryDirectory() as folder:
                extras += ask(question, data, Path(folder), seeds=options.seeds)
    print("\n| data | what | found |\n|---|---|---|")
    print("\n".join(extras))
    return 0


def ask(question: Question, data: Path, folder: Path, *, seeds: int) -> list[str]:
    write_data(question, data, folder)
    results: dict[str, list[dict[str, float]]] = {}
    for seed in range(seeds):
        results.setdefault("Dragoman", []).append(trained(question, folder, seed))
        for name, found in baselines(question, folder, seed):
            results.setdefault(name, []).append(found)
    columns = list(results["Dragoman"][0])
    print(f"\n**{question.name}**, {seeds} seeds: mean (smallest to largest)\n")
    print(f"| model | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for name, rows in results.items():
        print(f"| {name} | {' | '.join(spread([row[column] for row in rows]) for column in columns)} |", flush=True)
    return list(details(question, folder))


def spread(values: Sequence[float]) -> str:
    mean = statistics.mean(values)
    digits = 1 if mean > 10 else 4
    if max(values) - min(values) < 10**-digits:
        return f"{mean:.{digits}f}"
    return f"{mean:.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


# Dragoman -----------------------------------------------------------------------------------------------------------


def write_data(question: Question, data: Path, folder: Path) -> None:
    parts = []
    for part in ("train", "test"):
        with gzip.open(data / question.folder / f"{part}.csv.gz", "rt", encoding="utf-8", newline="") as file:
            parts.append(list(csv.DictReader(file)))
    rows = question.prepare(*parts)
    (folder / "data").mkdir()
    (folder / "models").mkdir()
    (folder / "dragoman.toml").write_text("")
    with (folder / "data" / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def write_spec(question: Question, folder: Path, seed: int) -> None:
    labels = f"labels = {question.labels}\n" if question.labels else ""
    (folder / "models" / "table.toml").write_text(
        f'name = "table"\nowner = "bench"\ntask = "{question.task}"\n'
        f'[data]\nfiles = ["data/rows.csv"]\ntarget = "{question.target}"\n{labels}'
        f"[features]\ncolumns = {question.columns}\ncategories = {question.categories}\n"
        f"[training]\nseed = {seed}\n"
    )


def trained(question: Question, folder: Path, seed: int) -> dict[str, float]:
    write_spec(question, folder, seed)
    place = open_workspace(folder)
    started = time.perf_counter()
    outcome = place.train(report=lambda progress: None)
    seconds = time.perf_counter() - started
    metrics = outcome.run.metrics
    if question.labels:
        names = {"ROC AUC": "roc_auc", "log loss": "log_loss", "accuracy": "accuracy"}
    else:
        names = {"MAE": "mae", "R²": "r2"}
    return {**{shown: metrics[name] for shown, name in names.items()}, "training, s": seconds}


def details(question: Question, folder: Path) -> Iterator[str]:
    """What calibration and intervals bring to the last version, and how long an answer takes."""
    place = open_workspace(folder)
    bundle = place.registry.open(place.catalog.versions("table")[-1])
    examples = examples_of(bundle.spec, folder)
    model = open_tabular(bundle.folder)
    dev, test = (examples.of(split) for split in ("dev", "test"))
    measure = calibrations if question.labels else intervals
    for what, found in [*measure(bundle, model, dev, test), *speeds(model, test)]:
        yield f"| {question.name} | {what} | {found} |"


def calibrations(
    bundle: Bundle, model: TabularModel, dev: TableExamples, test: TableExamples
) -> Iterator[tuple[str, str]]:
    of_dev, of_test = (model.session.predict(model.schema.encode_table(part.table)) for part in (dev, test))
    isotonic = IsotonicRegression(out_of_bounds="clip", y_min=1e-4, y_max=1 - 1e-4)
    isotonic.fit(of_dev[:, 1] - of_dev[:, 0], dev.truth)
    ways = {
        "as trained": softmax(of_test)[:, 1],
        f"temperature {bundle.temperature:.3f}": softmax(of_test, temperature=bundle.temperature)[:, 1],
        "isotonic regression": isotonic.predict(of_test[:, 1] - of_test[:, 0]),
    }
    for name, shares in ways.items():
        right = (shares > 0.5) == (test.truth > 0.5)
        error = calibration_error(np.maximum(shares, 1 - shares), right)
        yield name, f"log loss {log_loss(test.truth, shares):.4f}, calibration error {error:.4f}"


def intervals(bundle: Bundle, model: TabularModel, test: TableExamples) -> Iterator[tuple[str, str]]:
    of_test = model.session.predict(model.schema.encode_table(test.table))
    found = bundle.calibration.intervals
    assert found is not None
    ways = {
        "intervals of quantile trees, conformal": found.apply(of_test)[:, 1:],
        "intervals of quantile trees as they are": of_test[:, 1:],
    }
    by_size = np.argsort(of_test[:, 0])
    for name, ends in ways.items():
        inside = (ends[:, 0] <= test.truth) & (test.truth <= ends[:, 1])
        thirds = ", ".join(f"{inside[part].mean():.3f}" for part in np.array_split(by_size, 3))
        width = (ends[:, 1] - ends[:, 0]).mean()
        yield name, f"hold {inside.mean():.3f} (of 0.9; small, middle, large values: {thirds}), mean width {width:.1f}"


def speeds(model: TabularModel, test: TableExamples) -> Iterator[tuple[str, str]]:
    rows = test.table.select(model.schema.names).slice(0, 1000).to_pylist()
    encoded = model.schema.encode(rows)
    yield "one row: to numbers", f"{timed(lambda row: model.schema.encode(rows[row : row + 1])):.1f} µs"
    yield "one row: the trees", f"{timed(lambda row: model.session.predict(encoded[row : row + 1])):.1f} µs"
    yield "1,000 rows: the trees", f"{timed(lambda _: model.session.predict(encoded), times=20) / 1000:.1f} ms"


def timed(work: Callable[[int], Any], times: int = 1000) -> float:
    """Microseconds, the median; each time of another row."""
    found = []
    for row in range(times):
        started = time.perf_counter()
        work(row)
        found.append(time.perf_counter() - started)
    return statistics.median(found) * 1e6


# Baselines ----------------------------------------------------------------------------------------------------------


def baselines(question: Question, folder: Path, seed: int) -> Iterator[tuple[str, dict[str, float]]]:
    examples = examples_of(spec_of(question), folder)
    known, test = examples.of("train", "dev"), examples.of("test")
    texts = [name for name in question.columns if pa.types.is_string(examples.table.schema.field(name).type)]
    places = [question.columns.index(name) for name in texts]
    others = [place for place in range(len(question.columns)) if place not in places]
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    boosting = HistGradientBoostingClassifier if question.labels else HistGradientBoostingRegressor
    trees = make_pipeline(
        make_column_transformer((ordinal, places), remainder="passthrough"), boosting(random_state=seed)
    )
    one_each = OneHotEncoder(handle_unknown="ignore")
    scaled = make_pipeline(SimpleImputer(), StandardScaler())
    linear = LogisticRegression(max_iter=2_000) if question.labels else Ridge()
    straight = make_pipeline(make_column_transformer((one_each, places), (scaled, others)), linear)
    alone = examples.of("train")
    for name, model, rows in (
        ("scikit-learn boosting", trees, known),
        ("scikit-learn boosting, without the dev rows", trees, alone),
        ("scikit-learn linear", straight, known),
    ):
        x, unseen = (matrix(part, question.columns) for part in (rows, test))
        started = time.perf_counter()
        with threadpool_limits(1):  # as many as Dragoman takes for tables of this size
            model.fit(x, rows.truth)
        seconds = time.perf_counter() - started
        yield name, {**scores(question, model, unseen, test.truth), "training, s": seconds}


def examples_of(spec: ModelSpec, folder: Path) -> TableExamples:
    return table_examples(read_table([folder / "data" / "rows.csv"], root=folder, texts=text_columns(spec)), spec)


def spec_of(question: Question) -> ModelSpec:
    labels = {"labels": question.labels} if question.labels else {}
    return convert_spec(
        {
            "name": "table", "owner": "bench", "task": question.task,
            "features": {"columns": question.columns, "categories": question.categories},
            "data": {"files": ["x"], "target": question.target, **labels},
        }
    )  # fmt: skip


def matrix(examples: TableExamples, columns: Sequence[str]) -> np.ndarray:
    values = [examples.table.column(name).to_pylist() for name in columns]
    return np.array(values, dtype=object).T


def scores(question: Question, model: Any, x: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    if not question.labels:
        told = model.predict(x)
        return {"MAE": mean_absolute_error(truth, told), "R²": r2_score(truth, told)}
    shares = model.predict_proba(x)[:, 1]
    return {
        "ROC AUC": roc_auc_score(truth, shares),
        "log loss": log_loss(truth, shares),
        "accuracy": accuracy_score(truth, shares > 0.5),
    }


if __name__ == "__main__":
    sys.exit(main())

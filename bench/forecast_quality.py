"""How good are forecasts of bike rentals, beside the value of a week before and a plain model of scikit-learn?

    python bench/forecast_quality.py [--data FOLDER]

Trains through the real pipeline on the folder `tabular-bike-sharing` (hourly rentals in Washington DC, 2011 and 2012),
whose own test part begins on 2012-08-07; the last 60 days of its train part are dev. Every hour of the test part is an
origin from which the next 24 hours are told. Twice: knowing nothing of the weather to come, and knowing it as the data
have it. The plain model is a HistGradientBoostingRegressor with its defaults, on hour, weekday, month, the values of
one and two weeks before, the last one known, and the columns that are given; it is asked for the same rows. Prints a
table of Markdown; skips what is not installed.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from dragoman.models.forecasting import Shape, shape_of
from dragoman.records import DatasetVersion, ValueReport
from dragoman.spec import ModelSpec, convert_spec
from dragoman.training.forecasting.origins import Told, told_in
from dragoman.training.forecasting.pipeline import read_data, train_forecast_bundle

DEV_BEGINS, TEST_BEGINS = "2012-06-08T00:00:00", "2012-08-07T00:00:00"
ALWAYS_KNOWN = ["holiday", "workingday"]
WEATHER = ["weathersit", "temp", "hum", "windspeed"]


def spec_of(known: list[str]) -> ModelSpec:
    return convert_spec(
        {
            "name": "bikes",
            "owner": "bench",
            "task": "forecasting",
            "data": {"files": ["bikes.csv"], "target": "cnt", "time": "event_timestamp"},
            "features": {"columns": [*ALWAYS_KNOWN, *WEATHER]},
            "forecast": {"step": "1h", "horizon": 24, "season": 168, "known": known},
        }
    )


def table_of(folder: Path) -> pa.Table:
    rows = []
    for part in ("train", "test"):
        with gzip.open(folder / f"{part}.csv.gz", "rt", encoding="utf-8") as file:
            rows += [row | {"split": split_of(row["event_timestamp"])} for row in csv.DictReader(file)]
    texts = {"event_timestamp", "split"}
    return pa.table({name: [row[name] if name in texts else float(row[name]) for row in rows] for name in rows[0]})


def split_of(moment: str) -> str:
    return "train" if moment < DEV_BEGINS else "dev" if moment < TEST_BEGINS else "test"


def trained(spec: ModelSpec, table: pa.Table) -> tuple[ValueReport, float]:
    dataset = DatasetVersion(
        name="bikes",
        number=0,
        digest="",
        rows=table.num_rows,
        splits={},
        languages={},
        labels={},
        sources={},
        created="",
    )
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        made = train_forecast_bundle(
            spec, table, dataset, run="bench", environment={}, folder=Path(folder), report=lambda progress: None
        )
    assert isinstance(made.evaluation, ValueReport)
    return made.evaluation, time.perf_counter() - started


def plain(spec: ModelSpec, table: pa.Table) -> tuple[float, float]:
    """Mean absolute error, and seconds, of scikit-learn's defaults on plain columns."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    shape = shape_of(spec.forecast)
    data = read_data(spec, spec.forecast, table, shape)
    train, dev, test = (told_in(split, data.series, data.past, data.borders) for split in ("train", "dev", "test"))
    started = time.perf_counter()
    model = HistGradientBoostingRegressor(random_state=0)
    rows = [plain_columns(one, shape) for one in (train, dev)]
    model.fit(np.concatenate(rows), np.concatenate([train.truth, dev.truth]))
    told = model.predict(plain_columns(test, shape))
    return float(np.abs(told - test.truth).mean()), time.perf_counter() - started


def plain_columns(told: Told, shape: Shape) -> np.ndarray:
    places = {name: place for place, name in enumerate(shape.columns)}
    sized = [told.features[:, places[name]] * told.level for name in ("lag.0", "season.1", "season.2")]
    calendar = [told.features[:, places[name]] for name in ("step", "hour", "weekday", "month")]
    return np.column_stack([*sized, *calendar, told.features[:, len(shape.columns) :]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("DRAGOMAN_DATA", "data"))
    options = parser.parse_args()
    table = table_of(Path(options.data) / "tabular-bike-sharing")
    print("| weather to come | model | mean absolute error | skill | 90% intervals hold | seconds |")
    print("|---|---|---|---|---|---|")
    for name, known in (("unknown", ALWAYS_KNOWN), ("known", [*ALWAYS_KNOWN, *WEATHER])):
        spec = spec_of(known)
        report, seconds = trained(spec, table)
        mae = report.mae
        print(f"| {name} | one week before | {report.naive_mae:.1f} | 0 | | |")
        try:
            error, needed = plain(spec, table)
            print(f"| {name} | scikit-learn | {error:.1f} | {1 - error / report.naive_mae:.2f} | | {needed:.0f} |")
        except ImportError:
            print(f"| {name} | scikit-learn | not installed | | | |")
        print(
            f"| {name} | Dragoman | {mae.value:.1f} ({mae.low:.1f} to {mae.high:.1f}) | {report.skill:.2f} "
            f"| {report.coverage.value:.1%} | {seconds:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()

"""The training pipeline of forecasts: spec and rows in, bundle folder out.

Stages, in order: series, columns, trees, graph, parity, intervals, evaluation, reference, card, manifest. Nothing in
the bundle depends on the clock, on the folder or on what ran before: the same spec, rows and seed give the same
bytes.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.data.column_values import as_categories
from dragoman.data.series import Series, read_series
from dragoman.data.table_examples import numbers_of, target_of
from dragoman.data.times import moments_of
from dragoman.errors import InvalidData, InvalidSpec
from dragoman.models.forecasting import FORECAST_FILE, Head, Shape, shape_of
from dragoman.models.tabular import FeatureSchema, Intervals
from dragoman.profiles import Reference
from dragoman.records import DatasetVersion, FeatureColumn, PinnedView
from dragoman.registry import bundle as files
from dragoman.registry.bundle import Calibration, to_json_bytes
from dragoman.registry.card import Evidence
from dragoman.registry.manifest import write_manifest
from dragoman.runtime.parity import check_parity
from dragoman.spec import FeaturesSpec, ForecastSpec, ModelSpec, TreesSpec
from dragoman.store.files import make_folder, write_atomically
from dragoman.training.forecasting.evaluation import evaluate_forecasts, fit_step_intervals
from dragoman.training.forecasting.origins import Borders, Past, Told, borders_of, told_in
from dragoman.training.progress import Progress
from dragoman.training.progress import Report as Show
from dragoman.training.reference import reference_of_rows
from dragoman.training.tabular.evaluation import column_weights
from dragoman.training.tabular.fitting import Fitted, Split, fit_values
from dragoman.training.tabular.growing import Growth, Rows
from dragoman.training.tabular.parity import comparable, compare_answers
from dragoman.training.tabular.writing import BUNDLE_FOLDER, lineage_of, write_records, write_trees
from dragoman.training.trained import Trained

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: only named here

__all__ = ["Data", "read_data", "train_forecast_bundle"]

NO_LANGUAGE = "und"
MOST_ASKED = 20_000  # rows of the test split on which graph and trees are compared

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


class Data(NamedTuple):
    """The table as series, and what its columns say."""

    table: pa.Table
    series: list[Series]
    borders: Borders
    past: Past
    schema: FeatureSchema  # of the columns that callers give


class HeldOut(NamedTuple):
    """What the served graph says of the forecasts of a held-out split."""

    told: Told
    numbers: Floats  # [rows, 3] as multiples of the level


def train_forecast_bundle(
    spec: ModelSpec,
    table: pa.Table,
    dataset: DatasetVersion,
    *,
    run: str,
    environment: dict[str, str],
    folder: Path,
    report: Show,
    views: list[PinnedView] | None = None,
) -> Trained:
    """Train a forecast and write its bundle to `folder/bundle`.

    Raises `InvalidData` for rows that are no series, columns that no model can read and too few rows, `MissingExtra`
    without LightGBM, and `GateFailed` if the graph does not say what the trees say.
    """
    report(Progress("columns", 0, 1))
    forecast = _forecast_of(spec)
    shape = shape_of(forecast)
    data = read_data(spec, forecast, table, shape)
    train, dev, test = (told_in(split, data.series, data.past, data.borders) for split in ("train", "dev", "test"))
    schema = FeatureSchema([*_of_history(shape), *data.schema.columns])
    asked = comparable(train.features, test.features)[:MOST_ASKED]
    fitted = _fit(spec, schema, Split(_rows(train), _rows(dev), test.features[asked]), report)

    bundle = folder / BUNDLE_FOLDER
    shutil.rmtree(bundle, ignore_errors=True)
    make_folder(bundle)
    session = write_trees(bundle, schema, fitted)
    head = Head(shape=shape, series=forecast.series, known=forecast.known, floor=_floor_of(data.past.target))
    write_atomically(bundle / FORECAST_FILE, to_json_bytes(head))
    report(Progress("evaluate", 0, 1))
    held_out = [HeldOut(one, session.predict(one.features)) for one in (dev, test)]
    languages = [NO_LANGUAGE] * len(asked)
    parity = compare_answers(
        fitted.answers, session.predict(test.features[asked]), languages, scale=fitted.scale, has_labels=False
    )
    check_parity(parity)
    coverage = (spec.trees or TreesSpec()).coverage
    intervals = fit_step_intervals(held_out[0].numbers.astype(np.float64), dev, shape, coverage=coverage)
    evaluation = evaluate_forecasts(
        _answers(held_out[1], head, intervals),
        test,
        shape,
        series=[one.name for one in data.series],
        coverage=coverage,
        columns=column_weights(schema, fitted.gains),
    )
    reference = _reference(data, held_out, head, intervals)
    write_atomically(bundle / files.REFERENCE_FILE, reference.to_bytes())
    evidence = Evidence(lineage_of(dataset, run, views or []), evaluation, parity, 1.0)
    write_records(bundle, spec, evidence, Calibration(intervals=intervals), environment)
    return Trained(bundle, write_manifest(bundle, model=spec.name, task=spec.task), evaluation)


# Reading ------------------------------------------------------------------------------------------------------------


def _forecast_of(spec: ModelSpec) -> ForecastSpec:
    assert spec.forecast is not None  # `read_spec` saw to it
    if spec.data.time is None:
        raise InvalidSpec(f"The spec of '{spec.name}' has no 'data.time'.", help="Name the column of the time.")
    return spec.forecast


def read_data(spec: ModelSpec, forecast: ForecastSpec, table: pa.Table, shape: Shape) -> Data:
    """The series of a table with the columns that callers give. Raises as `train_forecast_bundle` does."""
    assert spec.data.time is not None  # `_forecast_of` saw to it
    series = read_series(table, time=spec.data.time, step=shape.step, series=forecast.series)
    target = _truth(table, target_of(spec))
    times = moments_of(table.column(spec.data.time), spec.data.time)
    has_splits = "split" in table.column_names
    splits = as_categories(table.column("split"), "split").to_pylist() if has_splits else None
    borders = borders_of(times, splits)
    schema = _columns(spec, forecast, table.filter(np.asarray(times < borders.dev)))
    encoded = schema.encode_table(table)
    ahead = np.array([name in forecast.known for name in schema.names], dtype=bool)

    def given(at: Ints, begun: Ints) -> Floats:
        known_then = np.where((at >= 0)[:, None], encoded[at], np.nan)
        return np.where(ahead, known_then, encoded[begun]).astype(np.float32)

    return Data(table, series, borders, Past(target, shape, given), schema)


def _truth(table: pa.Table, target: str) -> Doubles:
    """`[rows]`, NaN for a gap."""
    numbers = numbers_of(table, target)
    if infinite := int(np.isinf(numbers).sum()):
        raise InvalidData(f"{infinite} rows have an infinite '{target}'.", help="Leave it empty where it is not known.")
    if np.isnan(numbers).all():
        raise InvalidData(f"No row has a value of '{target}'.", help="Name another column as 'data.target'.")
    return numbers


def _columns(spec: ModelSpec, forecast: ForecastSpec, train: pa.Table) -> FeatureSchema:
    features = spec.features or FeaturesSpec()
    others = [name for name in features.columns if name not in forecast.series]
    return FeatureSchema.from_table(
        train,
        columns=[*forecast.series, *others],
        views=features.views,
        categories=[*forecast.series, *features.categories],
        required=[*forecast.series, *features.required],
    )


def _of_history(shape: Shape) -> list[FeatureColumn]:
    return [FeatureColumn(name=name, kind="number") for name in shape.columns]


# Learning -----------------------------------------------------------------------------------------------------------


def _rows(told: Told) -> Rows:
    return Rows(told.features, told.scaled)


def _fit(spec: ModelSpec, schema: FeatureSchema, split: Split, report: Show) -> Fitted:
    growth = Growth(spec.trees or TreesSpec(), spec.training.seed, spec.training.threads, schema.categories)
    return fit_values(split, growth, report=report)


def _floor_of(target: Doubles) -> float | None:
    return 0.0 if np.nanmin(target) >= 0 else None


# Measuring ----------------------------------------------------------------------------------------------------------


def _answers(held_out: HeldOut, head: Head, intervals: Intervals) -> Doubles:
    """`[rows, 3]` value, low, high as they are answered."""
    told, numbers = held_out
    margins = np.array(intervals.margins)[told.steps]
    value, low, high = numbers.astype(np.float64).T
    held = np.stack([value, np.minimum(value, low - margins), np.maximum(value, high + margins)], axis=1)
    return head.told(held, told.level[:, None])


def _reference(data: Data, held_out: list[HeldOut], head: Head, intervals: Intervals) -> Reference:
    """What the columns of callers, and the first values that are told, look like when they are served."""
    first = [one.told.steps == 0 for one in held_out]
    begun = np.concatenate([one.told.begun[own] for one, own in zip(held_out, first, strict=True)])
    answers = [_answers(one, head, intervals)[own] for one, own in zip(held_out, first, strict=True)]
    names = [name for name in data.schema.names if name not in head.known]
    return reference_of_rows(
        data.table.select(names).take(begun).to_pylist(),
        [column for column in data.schema.columns if column.name in names],
        languages=[""] * len(begun),
        values=np.concatenate(answers),
    )

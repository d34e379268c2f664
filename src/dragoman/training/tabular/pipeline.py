"""The training pipeline of tables: spec and rows in, bundle folder out.

Stages, in order: columns, trees, graph, parity, calibration, evaluation, reference, card, manifest. Nothing in the
bundle depends on the clock, on the folder or on what ran before: the same spec, rows and seed give the same bytes.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.data.table_examples import TableExamples
from dragoman.models.scores import softmax
from dragoman.models.tabular import FeatureSchema, fit_intervals
from dragoman.profiles import Reference
from dragoman.records import ColumnWeight, DatasetVersion, ParityReport, PinnedView, Report, ValueReport
from dragoman.registry import bundle as files
from dragoman.registry.bundle import Calibration
from dragoman.registry.card import Evidence
from dragoman.registry.manifest import write_manifest
from dragoman.runtime.parity import check_parity
from dragoman.spec import ModelSpec
from dragoman.spec.features import FeaturesSpec, TreesSpec
from dragoman.store.files import make_folder, write_atomically
from dragoman.training.calibration import fit_temperature
from dragoman.training.progress import Progress
from dragoman.training.progress import Report as Show
from dragoman.training.reference import reference_of_rows
from dragoman.training.tabular.evaluation import column_weights, evaluate_labels, evaluate_values
from dragoman.training.tabular.fitting import Fitted, Split, fit_labels, fit_values
from dragoman.training.tabular.growing import Growth, Rows
from dragoman.training.tabular.parity import comparable, compare_answers
from dragoman.training.tabular.writing import BUNDLE_FOLDER, lineage_of, write_records, write_trees
from dragoman.training.trained import Trained

__all__ = ["train_table_bundle"]

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


class Encoded(NamedTuple):
    """The rows of one split, as the model reads them."""

    examples: TableExamples
    features: Floats  # [rows, columns]

    @property
    def rows(self) -> Rows:
        return Rows(self.features, self.examples.truth)


class HeldOut(NamedTuple):
    """What the served graph says of the rows of a held-out split."""

    examples: TableExamples
    told: Floats  # [rows, outputs]


def train_table_bundle(
    spec: ModelSpec,
    examples: TableExamples,
    dataset: DatasetVersion,
    *,
    run: str,
    environment: dict[str, str],
    folder: Path,
    report: Show,
    views: Sequence[PinnedView] = (),
) -> Trained:
    """Train a model of a table and write its bundle to `folder/bundle`.

    The rows have the features of the spec's views already. Raises `InvalidData` for columns that no model can read and
    for too few rows, `MissingExtra` without LightGBM, and `GateFailed` if the graph does not say what the trees say.
    """
    report(Progress("columns", 0, 1))
    schema = _learn_columns(spec, examples.of("train"))
    train, dev, test = (_encoded(schema, examples.of(split)) for split in ("train", "dev", "test"))
    asked = comparable(train.features, test.features)
    fitted = _fit(spec, schema, Split(train.rows, dev.rows, test.features[asked]), report)

    bundle = folder / BUNDLE_FOLDER
    shutil.rmtree(bundle, ignore_errors=True)
    make_folder(bundle)
    session = write_trees(bundle, schema, fitted)
    report(Progress("evaluate", 0, 1))
    held_out = [HeldOut(one.examples, session.predict(one.features)) for one in (dev, test)]
    parity = _measure_parity(spec, fitted, held_out[1], asked)
    check_parity(parity)
    calibration = _calibrate(spec, held_out[0])
    weights = column_weights(schema, fitted.gains)
    naive = float(np.median(train.examples.truth))
    evaluation = _evaluate(spec, held_out[1], calibration, naive=naive, columns=weights)
    write_atomically(bundle / files.REFERENCE_FILE, _reference(spec, schema, held_out, calibration).to_bytes())

    evidence = Evidence(lineage_of(dataset, run, views), evaluation, parity, calibration.temperature)
    write_records(bundle, spec, evidence, calibration, environment)
    return Trained(bundle, write_manifest(bundle, model=spec.name, task=spec.task), evaluation)


# Learning -----------------------------------------------------------------------------------------------------------


def _learn_columns(spec: ModelSpec, train: TableExamples) -> FeatureSchema:
    features = spec.features or FeaturesSpec()
    return FeatureSchema.from_table(
        train.table,
        columns=features.columns,
        views=features.views,
        categories=features.categories,
        required=features.required,
    )


def _encoded(schema: FeatureSchema, examples: TableExamples) -> Encoded:
    return Encoded(examples, schema.encode_table(examples.table))


def _fit(spec: ModelSpec, schema: FeatureSchema, split: Split, report: Show) -> Fitted:
    growth = Growth(spec.trees or TreesSpec(), spec.training.seed, spec.training.threads, schema.categories)
    if spec.has_labels:
        return fit_labels(split, growth, labels=len(spec.data.labels), report=report)
    return fit_values(split, growth, report=report)


# Measuring ----------------------------------------------------------------------------------------------------------


def _measure_parity(spec: ModelSpec, fitted: Fitted, test: HeldOut, asked: NDArray[np.int64]) -> ParityReport:
    languages = [test.examples.languages[row] for row in asked.tolist()]
    return compare_answers(fitted.answers, test.told[asked], languages, scale=fitted.scale, has_labels=spec.has_labels)


def _calibrate(spec: ModelSpec, dev: HeldOut) -> Calibration:
    """From the dev split: a temperature for labels, a margin for the ends of intervals."""
    if spec.has_labels:
        return Calibration(temperature=fit_temperature(dev.told, dev.examples.truth.astype(np.int64)))
    coverage = (spec.trees or TreesSpec()).coverage
    return Calibration(intervals=fit_intervals(dev.told, dev.examples.truth, coverage=coverage))


def _answers(spec: ModelSpec, told: Floats, calibration: Calibration) -> Doubles:
    """What is answered: shares `[rows, labels]`, or `[rows, 3]` value, low, high."""
    if calibration.intervals is None:
        return softmax(told, temperature=calibration.temperature)
    return calibration.intervals.apply(told)


def _evaluate(
    spec: ModelSpec, test: HeldOut, calibration: Calibration, *, naive: float, columns: list[ColumnWeight]
) -> Report | ValueReport:
    answers, truth = _answers(spec, test.told, calibration), test.examples.truth
    if calibration.intervals is None:
        return evaluate_labels(answers, truth, test.examples.languages, labels=spec.data.labels, columns=columns)
    coverage = calibration.intervals.coverage
    return evaluate_values(answers, truth, test.examples.languages, naive=naive, coverage=coverage, columns=columns)


def _reference(spec: ModelSpec, schema: FeatureSchema, held_out: list[HeldOut], calibration: Calibration) -> Reference:
    """What rows that the model was not trained on, and the answers to them, look like when they are served."""
    answers = np.concatenate([_answers(spec, one.told, calibration) for one in held_out])
    return reference_of_rows(
        [row for one in held_out for row in one.examples.table.select(schema.names).to_pylist()],
        schema.columns,
        languages=[language for one in held_out for language in one.examples.languages],
        labels=spec.data.labels,
        scores=answers if spec.has_labels else None,
        values=None if spec.has_labels else answers,
    )

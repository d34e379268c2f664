"""Evaluation of models of tables: labels as those of texts are, numbers with errors and intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from dragoman.models.tabular.schema import FeatureSchema
from dragoman.records import ColumnWeight, GroupError, Interval, Report, ValueReport
from dragoman.training.evaluation import Z95, evaluate, wilson_interval
from dragoman.training.roc import roc_auc

__all__ = ["column_weights", "evaluate_labels", "evaluate_values", "group_errors"]

SMALLEST = 1e-15  # a share below it counts as this in the log loss

Doubles = NDArray[np.float64]


def evaluate_labels(
    shares: Doubles, truth: Doubles, languages: Sequence[str], *, labels: Sequence[str], columns: list[ColumnWeight]
) -> Report:
    """Compare shares `[rows, labels]` with the places of the true labels, on the test split."""
    places = truth.astype(np.int64)
    report = evaluate(shares, [labels[place] for place in places], languages, labels=labels, split="test")
    return msgspec.structs.replace(
        report,
        roc_auc=roc_auc(shares[:, 1], places == 1) if len(labels) == 2 else None,
        log_loss=float(-np.log(np.maximum(shares[np.arange(len(places)), places], SMALLEST)).mean()),
        columns=columns,
    )


def evaluate_values(
    told: Doubles,
    truth: Doubles,
    languages: Sequence[str],
    *,
    naive: float | Doubles,
    coverage: float,
    columns: list[ColumnWeight],
) -> ValueReport:
    """Compare `[rows, 3]` value, low, high with the truth, on the test split. `naive` is the answer without a
    model: the median in training, or one for each row.
    """
    value, low, high = told.T
    errors, naive_mae = np.abs(value - truth), float(np.abs(naive - truth).mean())
    inside = (low <= truth) & (truth <= high)
    spread = float(((truth - truth.mean()) ** 2).sum())
    return ValueReport(
        split="test",
        mae=_mean(errors),
        rmse=math.sqrt(float((errors**2).mean())),
        r2=1 - float((errors**2).sum()) / spread if spread else 0.0,
        wape=_ratio(float(errors.sum()), float(np.abs(truth).sum())),
        naive_mae=naive_mae,
        skill=1 - _ratio(float(errors.mean()), naive_mae),
        coverage=wilson_interval(int(inside.sum()), len(inside)),
        width=float((high - low).mean()),
        target_coverage=coverage,
        groups={"language": group_errors(languages, errors, np.abs(naive - truth), inside)},
        columns=columns,
    )


def group_errors(
    names: Sequence[str], errors: Doubles, naive_errors: Doubles, inside: NDArray[np.bool_]
) -> list[GroupError]:
    """The errors of each group of rows, the one with the least skill first."""
    member = np.asarray(names)
    rows = {name: member == name for name in sorted(set(names))}
    found = [
        GroupError(
            name=name,
            n=int(own.sum()),
            mae=float(errors[own].mean()),
            naive_mae=float(naive_errors[own].mean()),
            coverage=float(inside[own].mean()),
        )
        for name, own in rows.items()
    ]
    return sorted(found, key=lambda one: (-_ratio(one.mae, one.naive_mae), one.name))


def column_weights(schema: FeatureSchema, gains: Doubles) -> list[ColumnWeight]:
    """How much of the loss that trees took away is due to each column; what counts most first."""
    total = float(gains.sum())
    shares = gains / total if total else np.full(len(gains), 1 / max(len(gains), 1))
    weights = [ColumnWeight(name=name, weight=float(share)) for name, share in zip(schema.names, shares, strict=True)]
    return sorted(weights, key=lambda one: (-one.weight, one.name))


def _mean(errors: Doubles) -> Interval:
    """The mean with its normal interval, as the central limit theorem gives it."""
    mean, rows = float(errors.mean()), len(errors)
    half = Z95 * float(errors.std(ddof=1)) / math.sqrt(rows) if rows > 1 else mean
    return Interval(value=mean, low=max(0.0, mean - half), high=mean + half, n=rows)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float(part > 0)

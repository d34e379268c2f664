"""Evaluation of forecasts, told again and again in the past as they would have been."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from dragoman.errors import InvalidData
from dragoman.models.forecasting import Shape
from dragoman.models.tabular import Intervals, fit_intervals
from dragoman.records import ColumnWeight, Interval, ValueReport
from dragoman.training.evaluation import Z95
from dragoman.training.forecasting.origins import Told
from dragoman.training.tabular.evaluation import evaluate_values, group_errors

__all__ = ["evaluate_forecasts", "fit_step_intervals"]

FEWEST_BLOCKS = 8  # of which a mean has an interval

Doubles = NDArray[np.float64]


def fit_step_intervals(numbers: Doubles, told: Told, shape: Shape, *, coverage: float) -> Intervals:
    """The margin of each step, as multiples of the level; that of all together where a step has too few rows.

    `numbers` is `[rows, 3]` value, low, high as multiples of the level. Values that follow each other are not
    exchangeable, so what `fit_intervals` promises holds as far as the dev split is like the time to come: the test
    split says how far.
    """
    every = fit_intervals(numbers, told.scaled, coverage=coverage).margins[0]
    margins = []
    for step in range(shape.horizon):
        own = told.steps == step
        try:
            margins.append(fit_intervals(numbers[own], told.scaled[own], coverage=coverage).margins[0])
        except InvalidData:
            margins.append(every)
    return Intervals(coverage=coverage, margins=margins)


def evaluate_forecasts(
    answers: Doubles,
    told: Told,
    shape: Shape,
    *,
    series: Sequence[str],
    coverage: float,
    columns: list[ColumnWeight],
) -> ValueReport:
    """Compare `[rows, 3]` value, low, high with the truth. The naive answer is the value one season before.

    Where that is not known, the naive answer is the level, the mean of the last season. Neighbouring errors are alike,
    so the interval of the mean error comes from the means of blocks of time, each as long as a season and a forecast.
    """
    naive = np.where(np.isnan(told.naive), told.level, told.naive)
    report = evaluate_values(
        answers, told.truth, ["und"] * len(answers), naive=naive, coverage=coverage, columns=columns
    )
    errors, naive_errors = np.abs(answers[:, 0] - told.truth), np.abs(naive - told.truth)
    inside = (answers[:, 1] <= told.truth) & (told.truth <= answers[:, 2])
    width = len(str(shape.horizon))
    by_step = group_errors([f"{step + 1:0{width}}" for step in told.steps.tolist()], errors, naive_errors, inside)
    by_series = group_errors([series[number] for number in told.series.tolist()], errors, naive_errors, inside)
    mae = _of_blocks(errors, told.times // (shape.step * max(shape.season, shape.horizon)))
    groups = {"step": sorted(by_step, key=lambda one: one.name), "series": by_series}
    return msgspec.structs.replace(report, mae=mae, groups=groups)


def _of_blocks(errors: Doubles, blocks: NDArray[np.int64]) -> Interval:
    """The mean, and an interval from how the means of blocks differ (batch means); as wide as can be of a few."""
    mean, rows = float(errors.mean()), len(errors)
    places = np.unique(blocks, return_inverse=True)[1]
    sizes = np.bincount(places)
    if len(sizes) < FEWEST_BLOCKS:
        return Interval(value=mean, low=0.0, high=float(errors.max()), n=rows)
    residuals = np.bincount(places, weights=errors - mean) / sizes.mean()
    half = Z95 * math.sqrt(float((residuals**2).sum()) / (len(sizes) * (len(sizes) - 1)))
    return Interval(value=mean, low=max(0.0, mean - half), high=mean + half, n=rows)

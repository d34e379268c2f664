from __future__ import annotations

import math

import numpy as np
import pytest

from dragoman.errors import InvalidData
from dragoman.models.tabular import Intervals, fit_intervals

REPEATS, NEW_ROWS = 600, 20


def world(random: np.random.Generator, rows: int, *, narrow: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Rows of unlike noise, and what a model says of them: its quantiles are too narrow, or too wide."""
    x = random.uniform(0.2, 2.0, size=rows)
    told = np.stack([x, x - narrow * x, x + narrow * x], axis=1)
    return told, x + x * random.normal(size=rows)


@pytest.mark.parametrize("narrow", [0.1, 1.0, 4.0])
@pytest.mark.parametrize(("coverage", "rows"), [(0.9, 60), (0.8, 19), (0.5, 5)])
def test_new_rows_are_inside_as_often_as_promised(coverage: float, rows: int, narrow: float) -> None:
    random = np.random.default_rng(7)
    inside = []
    for _ in range(REPEATS):
        intervals = fit_intervals(*world(random, rows, narrow=narrow), coverage=coverage)
        told, truth = world(random, NEW_ROWS, narrow=narrow)
        _, low, high = intervals.apply(told).T
        inside.append(np.mean((low <= truth) & (truth <= high)))
    share = math.ceil((rows + 1) * coverage - 1e-9) / (rows + 1)  # the coverage is a beta variable with this mean
    deviation = math.sqrt(share * (1 - share) * (1 / (rows + 2) + 1 / NEW_ROWS) / REPEATS)
    assert share >= coverage
    assert abs(np.mean(inside) - share) < 4 * deviation


def test_wider_rows_get_wider_intervals() -> None:
    told, truth = world(np.random.default_rng(1), 500)
    _, low, high = fit_intervals(told, truth, coverage=0.9).apply(told).T
    order = np.argsort(told[:, 0])
    assert (high - low)[order[-50:]].mean() > 2 * (high - low)[order[:50]].mean()


def test_the_value_is_never_outside_of_its_interval() -> None:
    shrunk = Intervals(coverage=0.5, margins=[-10.0])
    assert shrunk.apply(np.array([[1.0, 0.0, 2.0]])).tolist() == [[1.0, 1.0, 1.0]]


def test_each_step_has_its_own_margin() -> None:
    intervals = Intervals(coverage=0.5, margins=[0.0, 1.0])
    assert intervals.apply(np.array([[1.0, 0.0, 2.0]]), step=1).tolist() == [[1.0, -1.0, 3.0]]


def test_too_few_rows_are_told_with_the_number_that_is_needed() -> None:
    told, truth = world(np.random.default_rng(1), 8)
    with pytest.raises(InvalidData, match=r"has 8 rows; intervals that hold 90% need 9"):
        fit_intervals(told, truth, coverage=0.9)
    fit_intervals(*world(np.random.default_rng(1), 9), coverage=0.9)

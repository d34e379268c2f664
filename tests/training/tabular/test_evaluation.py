from __future__ import annotations

import math

import numpy as np
import pytest

from dragoman.models.tabular import FeatureSchema
from dragoman.records import FeatureColumn
from dragoman.training.tabular.evaluation import column_weights, evaluate_labels, evaluate_values
from dragoman.training.tabular.parity import comparable, compare_answers


def told_of(values: list[float], half: float = 1.0) -> np.ndarray:
    return np.array([[value, value - half, value + half] for value in values])


def test_numbers_have_their_errors_by_hand() -> None:
    report = evaluate_values(
        told_of([1, 2, 5, 4]),
        np.array([1.0, 3.0, 3.0, 4.0]),
        ["de", "de", "pt", "pt"],
        naive=3.0,
        coverage=0.9,
        columns=[],
    )
    assert (report.mae.value, report.mae.n) == (0.75, 4)
    assert report.rmse == pytest.approx(math.sqrt(5 / 4))
    assert report.r2 == pytest.approx(1 - 5 / 4.75)
    assert report.wape == pytest.approx(3 / 11)
    assert (report.naive_mae, report.skill) == (0.75, 0.0)
    assert (report.coverage.value, report.width, report.target_coverage) == (0.75, 2.0, 0.9)


def test_the_group_with_the_least_skill_is_first() -> None:
    report = evaluate_values(
        told_of([1, 2, 5, 4]), np.array([1.0, 3.0, 3.0, 4.0]), ["de", "de", "pt", "pt"], naive=3.0, coverage=0.9,
        columns=[],
    )  # fmt: skip
    groups = report.groups["language"]
    assert [(one.name, one.n, one.mae, one.naive_mae, one.coverage) for one in groups] == [
        ("pt", 2, 1.0, 0.5, 0.5),
        ("de", 2, 0.5, 1.0, 1.0),
    ]


def test_a_truth_that_never_moves_is_no_division_by_zero() -> None:
    report = evaluate_values(told_of([0, 0]), np.zeros(2), ["und"] * 2, naive=0.0, coverage=0.9, columns=[])
    assert (report.r2, report.wape, report.skill) == (0.0, 0.0, 1.0)


def test_the_interval_of_the_mean_error_holds_it_as_often_as_it_says() -> None:
    random = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        truth = random.exponential(size=200)
        report = evaluate_values(told_of([0.0] * 200), truth, ["und"] * 200, naive=0.0, coverage=0.9, columns=[])
        held += report.mae.low <= 1.0 <= report.mae.high
    assert 0.91 < held / 400 < 0.98


def test_labels_have_area_and_loss_beside_accuracy() -> None:
    shares = np.array([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.8, 0.2]])
    report = evaluate_labels(shares, np.array([0.0, 1, 0, 1]), ["de"] * 4, labels=["no", "yes"], columns=[])
    assert report.accuracy.value == 0.5
    assert report.roc_auc is not None
    assert report.roc_auc.value == 0.5
    assert report.log_loss == pytest.approx(-np.mean(np.log([0.9, 0.6, 0.3, 0.2])))


def test_more_than_two_labels_have_no_area() -> None:
    report = evaluate_labels(np.eye(3), np.arange(3.0), ["de"] * 3, labels=["a", "b", "c"], columns=[])
    assert report.roc_auc is None
    assert report.log_loss == 0


def test_weights_add_up_and_come_in_order() -> None:
    schema = FeatureSchema([FeatureColumn(name=name, kind="number") for name in ("a", "b", "c")])
    assert [(one.name, one.weight) for one in column_weights(schema, np.array([1.0, 6.0, 1.0]))] == [
        ("b", 0.75), ("a", 0.125), ("c", 0.125),
    ]  # fmt: skip
    assert [one.weight for one in column_weights(schema, np.zeros(3))] == [pytest.approx(1 / 3)] * 3


def test_parity_is_relative_to_the_scale_of_the_target() -> None:
    expected = np.array([[1000.0, 900.0, 1100.0], [0.0, -1.0, 1.0]])
    told = (expected + np.array([[0, 0, 0], [0, 0, 0.5]])).astype(np.float32)
    report = compare_answers(expected, told, ["de", "pt"], scale=49.0, has_labels=False)
    assert report.max_logit_difference == pytest.approx(0.01)
    assert report.languages == {"de": 1.0, "pt": 0.0}
    assert report.label_agreement == 0.5


def test_rows_that_miss_what_training_always_had_are_not_compared() -> None:
    nan = np.nan
    train = np.float32([[1, nan], [2, 3]])
    rows = np.float32([[1, 1], [nan, 1], [1, nan], [nan, nan]])
    assert comparable(train, rows).tolist() == [0, 2]

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dragoman.monitoring.feature_shift import LEVEL, feature_shifts
from dragoman.profiles import Reference, build_reference, columns_of_rows
from dragoman.records import FeatureColumn

COLUMNS = [
    FeatureColumn(name="shop.amount", kind="number", view="shop"),
    FeatureColumn(name="shop.category", kind="category", view="shop", categories=["a", "b", "c"]),
    FeatureColumn(name="age", kind="number"),
]


def drawn(count: int, seed: int, *, add: float = 0.0, missing: float = 0.0) -> list[dict[str, Any]]:
    random = np.random.default_rng(seed)
    amounts, names, ages = (
        random.gamma(2.0, 10.0, count),
        random.choice(["a", "b", "c"], count),
        random.normal(size=count),
    )
    gone = random.random(count) < missing
    return [
        {"shop.amount": None if out else amount + add, "shop.category": name, "age": age}
        for amount, name, age, out in zip(amounts.tolist(), names.tolist(), ages.tolist(), gone.tolist(), strict=True)
    ]


def reference_of(rows: list[dict[str, Any]], languages: list[str]) -> Reference:
    return build_reference(languages, columns_of_rows(rows, COLUMNS))


@pytest.fixture(scope="module")
def reference() -> Reference:
    return reference_of(drawn(2_000, 0), ["und"] * 2_000)


def shifts(reference: Reference, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {one.feature: one for one in feature_shifts(reference, rows, COLUMNS, [""] * len(rows))}


def test_a_column_that_moved_is_named_with_its_part_effect_and_interval(reference):
    found = shifts(reference, drawn(800, 1, add=8.0))
    moved = found["shop.amount"]
    assert (moved.verdict, moved.n, moved.reference_n) == ("shifted", 800, 2_000)
    assert moved.low <= moved.effect <= moved.high
    assert moved.p_value < 1e-9
    assert "shop.amount" in moved.what
    assert {name for name, one in found.items() if one.verdict == "shifted"} == {"shop.amount"}
    assert next(iter(found)) == "shop.amount"


def test_a_column_that_is_missing_more_often_has_shifted(reference):
    assert shifts(reference, drawn(800, 2, missing=0.3))["shop.amount"].verdict == "shifted"


def test_few_rows_are_not_enough_evidence(reference):
    found = shifts(reference, drawn(20, 3, add=30.0))
    assert {one.verdict for one in found.values()} == {"not enough evidence"}


def test_languages_are_compared_each_with_itself():
    reference = reference_of(drawn(600, 0) + drawn(600, 1, add=40.0), ["de"] * 600 + ["th"] * 600)
    rows = drawn(200, 2) + drawn(200, 3, add=40.0)
    found = feature_shifts(reference, rows, COLUMNS, ["de"] * 200 + ["th"] * 200)
    assert {one.verdict for one in found} == {"same"}


def test_rows_like_those_of_training_are_rarely_said_to_have_shifted(reference):
    """Size: with this reference the error of a whole comparison is at most `LEVEL`, up to chance in 300 tries."""
    alarms = [
        any(one.verdict == "shifted" for one in shifts(reference, drawn(150, seed)).values()) for seed in range(10, 310)
    ]
    assert sum(alarms) <= LEVEL * len(alarms) + 3 * (LEVEL * len(alarms)) ** 0.5


def test_a_shift_of_a_third_of_a_deviation_is_mostly_found(reference):
    """Power: gamma(2, 10) has a standard deviation of 14."""
    found = [shifts(reference, drawn(500, seed, add=5.0))["shop.amount"].verdict for seed in range(400, 430)]
    assert found.count("shifted") >= 27

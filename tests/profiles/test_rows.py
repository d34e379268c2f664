from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.profiles.world import plain_texts

from dragoman.models.tabular.schema import FeatureSchema
from dragoman.profiles import Coded, Profile, Reference, build_reference, category_name, columns_of_rows
from dragoman.records import FeatureColumn

GOLDEN = Path(__file__).parent / "golden" / "reference.msgpack"
COLUMNS = [
    FeatureColumn(name="age", kind="number"),
    FeatureColumn(name="plan", kind="category", categories=["gold", "free", ""]),
    FeatureColumn(name="shop.orders_30d", kind="number", view="shop"),
]
ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "age": st.none() | st.integers(0, 99) | st.floats(allow_infinity=False),
            "plan": st.none() | st.sampled_from(["gold", "free", "", "new"]),
            "shop.orders_30d": st.none() | st.integers(0, 9),
            "note": st.text(max_size=3),
        },
    ),
    max_size=60,
)


def some_rows(seed: int, count: int) -> list[dict[str, Any]]:
    """Ages around 40, one in ten missing; plans; orders that are mostly none."""
    rng = np.random.default_rng(seed)
    return [
        {
            "age": None if rng.random() < 0.1 else float(rng.normal(40, 10)),
            "plan": str(rng.choice(["gold", "free", "trial"], p=[0.2, 0.7, 0.1])),
            "shop.orders_30d": int(rng.poisson(0.3)),
        }
        for _ in range(count)
    ]


def table_reference(seed: int = 0, count: int = 300) -> Reference:
    return build_reference(["und"] * count, columns_of_rows(some_rows(seed, count), COLUMNS))


def test_a_column_is_its_values_and_whether_they_are_missing() -> None:
    found = columns_of_rows([{"age": 41, "plan": "gold"}, {"plan": ""}, {"age": math.nan, "plan": None}], COLUMNS)

    plan = found["category.plan"]
    assert isinstance(plan, Coded) and (list(plan.names), plan.codes.tolist()) == (["gold", ""], [0, 1, -1])
    assert np.array_equal(found["number.age"], [41.0, np.nan, np.nan], equal_nan=True)  # type: ignore[arg-type]
    assert found["missing.age"].tolist() == [0.0, 1.0, 1.0]  # type: ignore[union-attr]
    assert found["missing.shop.orders_30d"].tolist() == [1.0] * 3  # type: ignore[union-attr]


def test_what_float32_cannot_hold_is_its_largest_number() -> None:
    found = columns_of_rows([{"age": 10**400}, {"age": -math.inf}], COLUMNS[:1])["number.age"]

    assert found.tolist() == [float(np.finfo(np.float32).max), -float(np.finfo(np.float32).max)]  # type: ignore[union-attr]


@pytest.mark.parametrize("value", [None, math.nan, "gold", "", "3", 3, 3.0, True, False, np.float64(3), np.bool_(True)])
def test_a_category_has_the_name_by_which_the_model_knows_it(value: Any) -> None:
    names = ["gold", "", "3", "true", "false"]
    schema = FeatureSchema([FeatureColumn(name="plan", kind="category", categories=names)])

    code = schema.encode([{"plan": value}])[0, 0]

    assert category_name(value) == (None if np.isnan(code) else names[int(code)])


def test_a_reference_of_rows_names_its_columns() -> None:
    assert [(one.name, one.kind) for one in table_reference().columns] == [
        ("age", "number"),
        ("plan", "category"),
        ("shop.orders_30d", "number"),
    ]


def test_a_column_of_few_values_counts_what_is_missing_only() -> None:
    rows = [{"age": 1.0} for _ in range(29)] + [{} for _ in range(31)]

    one = build_reference(["und"] * 60, columns_of_rows(rows, COLUMNS[:1])).languages["und"]

    assert list(one.layouts) == ["missing.age"]
    assert one.counts["missing.age"].tolist() == [29, 31]


@given(ROWS, ROWS)
def test_counts_of_rows_add_up_in_any_order(some: list[dict[str, Any]], others: list[dict[str, Any]]) -> None:
    reference = table_reference()
    whole, first, second = (Profile(reference) for _ in range(3))

    for profile, rows in ((whole, [*others, *some]), (first, some), (second, others)):
        profile.add_columns(["und"] * len(rows), columns_of_rows(rows, reference.columns))
    first.merge(Profile.decode(second.encode()))

    assert whole.encode() == first.encode()
    assert whole.counts["und"]["missing.age"].sum() == len(some) + len(others)


def test_a_reference_of_rows_reads_back_as_it_was() -> None:
    reference = table_reference()

    again = Reference.from_bytes(reference.to_bytes())

    assert (again.digest, again.columns) == (reference.digest, reference.columns)


def test_parts_of_a_column_are_told_by_its_name() -> None:
    layouts = table_reference().languages["und"].layouts

    assert (layouts["missing.age"].title, layouts["missing.age"].describe(1, 2)) == ("age", "missing")
    assert layouts["category.plan"].describe(0, 1) == "free"
    assert layouts["number.shop.orders_30d"].title == "shop.orders_30d"


def test_an_empty_text_is_a_category_like_any_other() -> None:
    rows = [{"plan": "" if place % 3 else "gold"} for place in range(60)]

    layout = build_reference(["und"] * 60, columns_of_rows(rows, COLUMNS)).languages["und"].layouts["category.plan"]

    assert (layout.categories, layout.describe(0, 1)) == (["", "gold"], "an empty text")


def test_a_reference_of_an_older_release_reads_and_is_made_again_byte_by_byte() -> None:
    content = GOLDEN.read_bytes()

    assert Reference.from_bytes(content).to_bytes() == content
    assert build_reference(*plain_texts()).to_bytes() == content

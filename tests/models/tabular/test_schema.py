from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.errors import InvalidData, InvalidRequest
from dragoman.models.tabular import FeatureSchema

PLANS = ["gold"] * 5 + ["free"] * 3 + ["rare"]
TABLE = pa.table(
    {
        "age": [20, 30, 40, None, 50, 60, 20, 30, 40],
        "plan": PLANS,
        "active": [True, False, True, True, None, False, True, True, True],
        "zone": [1, 1, 2, 2, 3, 3, 1, 2, 1],
        "orders.count_30d": [1.5, 2.5, None, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        "other.count": [1] * 9,
    }
)
COLUMNS = ["age", "plan", "active", "zone"]


def schema(**changes: Any) -> FeatureSchema:
    options = {"columns": COLUMNS, "views": ["orders"], "categories": ["zone"], "required": ["age"], **changes}
    return FeatureSchema.from_table(TABLE, **options)


def test_columns_come_in_their_order_and_those_of_views_after_them() -> None:
    learned = schema()
    assert learned.names == [*COLUMNS, "orders.count_30d"]
    assert [column.kind for column in learned.columns] == ["number", "category", "category", "category", "number"]
    assert [column.view for column in learned.columns] == ["", "", "", "", "orders"]
    assert learned.categories == [1, 2, 3]


def test_numbers_remember_how_they_were_spread() -> None:
    age = schema().columns[0]
    assert (age.low, age.high, age.required) == (20, 60, True)
    assert age.mean == pytest.approx(36.25)
    assert age.scale == pytest.approx(np.std([20, 30, 40, 50, 60, 20, 30, 40]))


def test_categories_are_ordered_by_rows_and_single_ones_are_left_out() -> None:
    _, plan, active, zone, _ = schema().columns
    assert plan.categories == ["gold", "free"]
    assert active.categories == ["true", "false"]
    assert zone.categories == ["1", "2", "3"]


def test_a_row_becomes_numbers_and_what_is_missing_or_unseen_nan() -> None:
    row = {"age": 41, "plan": "free", "active": False, "zone": 3, "orders.count_30d": 2.0}
    assert schema().encode([row]).tolist() == [[41, 1, 1, 2, 2]]
    unseen = schema().encode([{"age": 1.5, "plan": "bronze", "active": None}])[0]
    assert unseen[0] == 1.5
    assert np.isnan(unseen[1:]).all()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"age": "forty"}, "'age' has the value 'forty', which is not a number"),
        ({"age": True}, "'age' has the value True"),
        ({"age": [1]}, "'age' has the value"),
        ({"age": 1, "plan": {"a": 1}}, "'plan' has the value"),
        ({"age": 1, "plan": 1.5}, "not a text, a boolean or a whole number"),
        ({"age": None}, "'age' has no value"),
        ({"plan": "gold"}, "'age' has no value"),
        ({"age": float("nan")}, "'age' has no value"),
        ({"age": 1, "plann": "gold"}, "reads no column 'plann'"),
        ({"age": "x" * 10_000}, "…"),
    ],
)
def test_a_wrong_value_is_refused_with_the_name_of_its_column(row: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as raised:
        schema().encode([row])
    assert len(str(raised.value)) < 300


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(InvalidRequest) as raised:
        schema().encode([{"age": 1, "plann": "gold"}])
    assert raised.value.help == "Did you mean 'plan'?"


@pytest.mark.parametrize("value", [1e300, 10**400, float("inf"), np.float64(1e40)])
def test_numbers_beyond_float32_are_its_largest(value: Any) -> None:
    assert schema().encode([{"age": value}])[0, 0] == np.finfo(np.float32).max


@pytest.mark.parametrize(("value", "code"), [(2, 1), (2.0, 1), ("2", 1), (np.int64(2), 1), (7, np.nan)])
def test_a_whole_number_is_a_name_however_it_is_written(value: Any, code: float) -> None:
    np.testing.assert_equal(schema().encode([{"age": 1, "zone": value}])[0, 3], np.float32(code))


VALUES = {
    "number": st.none() | st.floats(allow_nan=False, width=64) | st.integers(-(2**53), 2**53),
    "text": st.none() | st.sampled_from(["a", "b", "c", "", "ä", "new"]),
    "flag": st.none() | st.booleans(),
    "whole": st.none() | st.integers(0, 5),
}


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.fixed_dictionaries(VALUES), min_size=1, max_size=20))
def test_a_table_and_its_rows_are_read_the_same_way(rows: list[dict[str, Any]]) -> None:
    kinds = {"number": pa.float64(), "text": pa.string(), "flag": pa.bool_(), "whole": pa.int64()}
    doubled = rows * 2  # so that every category has two rows
    table = pa.table({name: pa.array([row[name] for row in doubled], kind) for name, kind in kinds.items()})
    learned = FeatureSchema.from_table(table, columns=list(kinds), categories=["whole"])
    np.testing.assert_array_equal(learned.encode(doubled), learned.encode_table(table))


def test_a_schema_comes_back_from_its_bytes() -> None:
    assert FeatureSchema.from_bytes(schema().to_bytes()) == schema()
    assert schema().to_bytes() == schema().to_bytes()


TIMES = [datetime(2026, 1, day, tzinfo=UTC) for day in range(1, 6)]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pa.array(TIMES), "holds times"),
        (pa.array([time.date() for time in TIMES]), "holds times"),
        (pa.array(["2026-01-02", "2026-01-03T10:00:00Z", None]), "holds times"),
        (pa.array([[1], [2]]), "neither a number nor a category"),
        (pa.array([{"a": 1}] * 3), "neither a number nor a category"),
        (pa.array([b"a", b"a"]), "neither a number nor a category"),
        (pa.array([f"customer {number}" for number in range(10_000)]), "10000 different values in 10000 rows"),
        (pa.array([f"c {number % 5_000}" for number in range(10_000)]), "names rows, not kinds"),
    ],
)
def test_a_column_that_says_nothing_is_refused_with_help(values: pa.Array, message: str) -> None:
    with pytest.raises(InvalidData, match=message) as raised:
        FeatureSchema.from_table(pa.table({"x": values}), columns=["x"])
    assert raised.value.help


def test_a_column_that_is_not_there_or_twice_there_is_refused() -> None:
    with pytest.raises(InvalidData, match="no column 'agee'") as raised:
        schema(columns=["agee"])
    assert "'age'" in raised.value.help
    twice = pa.table([pa.array([1, 2])] * 2, names=["x", "x"])
    with pytest.raises(InvalidData, match="2 columns 'x'"):
        FeatureSchema.from_table(twice, columns=["x"])


def test_only_the_most_frequent_thousand_categories_are_kept() -> None:
    names = [f"c{number}" for number in range(1_500) for _ in range(2 if number < 600 else 5)]
    column = FeatureSchema.from_table(pa.table({"x": names}), columns=["x"]).columns[0]
    assert len(column.categories) == 1_000
    assert "c600" in column.categories


def test_decimals_are_numbers_and_constant_and_empty_columns_are_harmless() -> None:
    table = pa.table({"d": [Decimal("1.5"), Decimal("2.5")], "one": [7, 7], "none": pa.nulls(2)})
    learned = FeatureSchema.from_table(table, columns=["d", "one", "none"])
    assert [column.scale for column in learned.columns] == [0.5, 1.0, 1.0]
    np.testing.assert_array_equal(learned.encode_table(table), np.float32([[1.5, 7, np.nan], [2.5, 7, np.nan]]))


def test_a_table_with_other_types_than_in_training_is_refused() -> None:
    with pytest.raises(InvalidData, match=r"'age' .*does not hold numbers"):
        schema().encode_table(TABLE.set_column(0, "age", pa.array(["x"] * 9)))
    with pytest.raises(InvalidData, match=r"'zone' .*does not hold whole numbers"):
        schema().encode_table(TABLE.set_column(3, "zone", pa.array([1.5] * 9)))

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pyarrow as pa
import pytest

from dragoman.errors import InvalidSpec
from dragoman.features import Entity, Events, View, col, count, hours_since
from dragoman.features.times import SECOND

CUSTOMER = Entity("customer", keys=["customer_id"])
ORDERS = Events("orders", time="ordered_at", available="loaded_at", id="order_id")
FEATURES = {"orders": count().over("30d"), "spent": col("amount").sum(), "since": hours_since(col("ordered_at").last())}


def view(**how: Any) -> View:
    usual: dict[str, Any] = {"entity": CUSTOMER, "source": ORDERS, "features": FEATURES, "owner": "me", "ttl": "90d"}
    return View(how.pop("name", "activity"), **{**usual, **how})


def test_a_view_comes_back_from_its_definition() -> None:
    one = view(description="What a customer does.")
    other = View.from_definition(one.definition())
    assert (other.definition(), other.digest) == (one.definition(), one.digest)


@pytest.mark.parametrize("ttl", ["999999s", "90min", "36h", "90d", "999999w", None])
def test_every_ttl_comes_back(ttl: str | None) -> None:
    one = view(ttl=ttl)
    assert View.from_definition(one.definition()).ttl == one.ttl


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"ttl": "91d"},
        {"ttl": None},
        {"entity": Entity("customer", keys=["account_id"])},
        {"source": Events("sales", time="ordered_at", available="loaded_at", id="order_id")},
        {"source": Events("orders", time="paid_at", available="loaded_at", id="order_id")},
        {"source": Events("orders", time="ordered_at", id="order_id")},
        {"source": Events("orders", time="ordered_at", available="loaded_at")},
        {"source": Events(files="o.csv", time="ordered_at", types={"amount": "number"})},
        {"features": {**FEATURES, "spent": col("amount").sum().over("30d")}},
        {"features": {**FEATURES, "more": count()}},
    ],
)
def test_what_changes_a_value_changes_the_digest(change: dict[str, Any]) -> None:
    assert view(**change).digest != view().digest


@pytest.mark.parametrize(
    "change",
    [
        {"owner": "you"},
        {"description": "other words"},
        {"entity": Entity("person", keys=["customer_id"])},
        {"ttl": "2160h"},
        {"features": dict(reversed(FEATURES.items()))},
    ],
)
def test_what_changes_no_value_keeps_the_digest(change: dict[str, Any]) -> None:
    assert view(**change).digest == view().digest


def test_a_view_says_what_it_reads() -> None:
    assert view().columns_read == ["customer_id", "ordered_at", "loaded_at", "order_id", "amount"]


def test_an_aggregate_without_a_window_has_that_of_the_view() -> None:
    day = 86_400 * SECOND
    assert [view().window_of(one) for one in view().aggregates] == [30 * day, 90 * day, 90 * day]


def test_columns_have_the_types_that_the_source_gives_them() -> None:
    fields = {"customer_id": pa.string(), "ordered_at": pa.timestamp("us", "UTC"), "amount": pa.int32()}
    columns = view().columns(pa.schema(fields))
    assert [(column.name, column.type) for column in columns] == [
        ("orders", "integer"),
        ("spent", "integer"),
        ("since", "number"),
    ]
    assert columns[1].expression == "sum(amount)"


def test_a_feature_that_does_not_fit_the_source_is_refused_by_name() -> None:
    with pytest.raises(InvalidSpec, match=r"The feature 'activity\.spent': "):
        view().columns(pa.schema({"ordered_at": pa.timestamp("us"), "amount": pa.string()}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "Activity"}, "A view is called 'Activity'"),
        ({"name": "a.b"}, "A view is called 'a.b'"),
        ({"owner": " "}, "The owner of the view 'activity' is ' '"),
        ({"ttl": "90 days"}, "The ttl of the view 'activity' is '90 days'"),
        ({"ttl": 90}, "The ttl of the view 'activity' is 90"),
        ({"features": {}}, "The view 'activity' has no features"),
        ({"features": {"a.b": count()}}, "A feature of the view 'activity' is called 'a.b'"),
        ({"features": {"one": 1}}, "The feature 'activity.one' is 1"),
        ({"features": {"one": col("amount")}}, "The feature 'activity.one': "),
        ({"features": {"one": col("Amount").sum() + col("amount").sum()}}, "the columns 'Amount' and 'amount'"),
        ({"entity": "customer"}, "has 'customer' where it needs Entity"),
        ({"source": "orders"}, "has 'orders' where it needs Events"),
    ],
)
def test_what_cannot_be_a_view_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSpec, match=message):
        view(**change)


@pytest.mark.parametrize(
    ("name", "keys", "message"),
    [
        ("C", ["a"], "An entity is called 'C'"),
        ("c", [], "has the keys \\[\\]"),
        ("c", "ab", "has the keys 'ab'"),
        ("c", ["a", "a"], "names a key twice"),
        ("c", [""], "A key of the entity 'c' is ''"),
    ],
)
def test_what_cannot_be_an_entity_is_refused(name: str, keys: Any, message: str) -> None:
    with pytest.raises(InvalidSpec, match=message):
        Entity(name, keys=keys)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({}, "come from nowhere"),
        ({"dataset": "orders", "files": "o.csv"}, "come from a dataset and files"),
        ({"dataset": "Orders"}, "The dataset of the events is called 'Orders'"),
        ({"dataset": "orders", "time": ""}, "`time` of the events is ''"),
        ({"dataset": "orders", "id": ""}, "`id` of the events is ''"),
        ({"dataset": "orders", "types": {"a": "number"}}, "names columns of the dataset 'orders'"),
        ({"files": "o.csv", "types": {"a": "float"}}, "The type of the column 'a' is 'float'"),
        ({"files": ["o.csv", ""]}, "A file of the events is ''"),
    ],
)
def test_what_cannot_be_a_source_is_refused(how: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSpec, match=message):
        Events(**{"time": "at", **how})


def test_the_facade_loads_no_heavy_library() -> None:
    heavy = "('pyarrow', 'duckdb', 'deltalake', 'numpy')"
    script = f"import sys, dragoman.features.loading; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"

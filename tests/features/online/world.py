"""Views whose online values are compared with what they are by definition."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st
from tests.features.offline.world import TIME, EventsInMemory
from tests.features.oracle import values_as_of

from dragoman.features import Entity, Events, Expression, View, col, count, hours_since
from dragoman.features.online import Asked, OnlineFeatures
from dragoman.features.source_types import types_of
from dragoman.features.times import SECOND, moment_of, text_of
from dragoman.records import AppliedView
from dragoman.store.online import OnlineStore

__all__ = [
    "EVENTS",
    "FEATURES",
    "HOUR",
    "START",
    "TYPES",
    "applied",
    "bits",
    "by_definition",
    "event",
    "given",
    "moment",
    "source_of",
    "view_of",
]

HOUR = 3_600 * SECOND
START = moment_of("2026-01-01") or 0
SCHEMA = pa.schema(
    [
        ("customer", pa.string()),
        ("order", pa.int64()),
        ("at", TIME),
        ("known", TIME),
        ("amount", pa.float64()),
        ("pieces", pa.int64()),
        ("paid", pa.bool_()),
        ("city", pa.string()),
    ]
)
TYPES = types_of(SCHEMA)
WINDOWED: dict[str, Expression] = {
    f"{kind}_{name}_{window}": getattr(col(name), kind)().over(window)
    for name, kinds in {
        "amount": "sum mean std min max first last distinct count",
        "pieces": "sum mean std min max",
        "paid": "sum mean min last",
        "city": "min max first last distinct",
        "at": "first max distinct",
    }.items()
    for kind in kinds.split()
    for window in ("2h", "5h")
}
FEATURES: dict[str, Expression] = {
    **WINDOWED,
    "orders": count(),
    "orders_3h": count().over("3h"),
    "spent": col("amount").sum(),
    "spread": col("pieces").std(),
    "cities": col("city").lower().distinct(),
    "first_city": col("city").first(),
    "last_paid": col("paid").last(),
    "largest": col("amount").max(),
    "big": count().where(col("amount") > 10).over("4h"),
    "trend": col("amount").sum().over("2h") / col("amount").sum().over("5h"),
    "since": hours_since(col("at").last()),
    "when": col("known").first().over("6h"),
}
AMOUNTS = [0.0, -0.0, 0.1, 0.2, 0.3, 1e16, -1e16, 1.0, 1.7e308, -1.7e308, 5e-324, float("nan"), float("inf"), 12.5]
EVENTS = st.fixed_dictionaries(
    {
        "customer": st.sampled_from(["a", "b"]),
        "order": st.sampled_from([1, 2, 3, None]),
        "at": st.sampled_from([0, 1, 1.5, 2, 3, 4, 5, 6, 8, 10]),
        "late": st.sampled_from([0, 0, 0, 0.5, 1, 3, 7, -1, -4]),
        "amount": st.sampled_from(AMOUNTS) | st.none(),
        "pieces": st.sampled_from([0, 1, 2, 7, 2**62, -(2**63)]) | st.none(),
        "paid": st.booleans() | st.none(),
        "city": st.sampled_from(["Ulm", "ulm", "", "𝄞", "\uffff"]) | st.none(),
    }
)


def event(customer: str = "a", *, at: float = 0.0, late: float = 0.0, order: int | None = None, **more: Any) -> Any:
    """An event some hours after `START`, known `late` hours after it happened."""
    values = {"amount": 1.0, "pieces": 1, "paid": True, "city": "Ulm", **more}
    return {"customer": customer, "order": order, "at": at, "late": late, **values}


def moment(hours: float) -> int:
    return START + int(hours * HOUR)


def given(one: Mapping[str, Any]) -> dict[str, Any]:
    """An event with its moments in microseconds, as the source has it."""
    row = {name: value for name, value in one.items() if name != "late"}
    return {**row, "at": moment(one["at"]), "known": moment(one["at"] + one["late"])}


def pushed(one: Mapping[str, Any]) -> dict[str, Any]:
    """The same as those who push it send it."""
    row = given(one)
    return {**row, "at": text_of(row["at"]), "known": text_of(row["known"])}


def source_of(events: Sequence[Mapping[str, Any]]) -> EventsInMemory:
    return EventsInMemory(pa.Table.from_pylist([given(one) for one in events], SCHEMA))


def view_of(features: Mapping[str, Expression] | None = None, *, id: bool = True, ttl: str | None = None) -> View:
    source = Events(files="orders.csv", time="at", available="known", id="order" if id else None)
    customer = Entity("customer", keys=["customer"])
    return View(
        "shop", entity=customer, source=source, features=FEATURES if features is None else features, owner="a", ttl=ttl
    )


def applied(view: View) -> AppliedView:
    return AppliedView(
        name=view.name,
        digest=view.digest,
        definition=view.definition(),
        columns=view.columns(SCHEMA),
        types={name: kind for name, kind in TYPES.items() if name in view.columns_read},
        owner="a",
        applied="",
        by="",
    )


def online(view: View, store: OnlineStore, key: Any, hours: float) -> dict[str, Any]:
    """What is served."""
    (found,) = OnlineFeatures(store, [applied(view)]).get([Asked(("shop",), key)], now=moment(hours))
    return bits(found.values)


def by_definition(view: View, events: Sequence[Mapping[str, Any]], key: Any, hours: float) -> dict[str, Any]:
    """What should be."""
    values = values_as_of(view, [given(one) for one in events], TYPES, [key], moment(hours))
    times = [column.name for column in view.columns(SCHEMA) if column.type == "time"]
    shown = {name: text_of(value) if name in times and value is not None else value for name, value in values.items()}
    return bits({f"{view.name}.{name}": value for name, value in shown.items()})


def bits(values: Mapping[str, Any]) -> dict[str, Any]:
    """Every value with its type; floats as their bits, zeros without a sign."""
    return {
        name: (type(value).__name__, struct.pack("<d", value + 0.0) if isinstance(value, float) else value)
        for name, value in values.items()
    }

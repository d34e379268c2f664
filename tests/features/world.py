"""A workspace with a feature view over a dataset of orders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from dragoman.app import Workspace, open_workspace

__all__ = ["FILE", "NOW", "append_orders", "order", "orders_table", "write_features", "write_view_workspace"]

NOW = datetime(2026, 11, 1, tzinfo=UTC)
FILE = """
from dragoman.features import Entity, Events, View, col, count

customer = Entity("customer", keys=["customer_id"])
activity = View(
    "activity",
    entity=customer,
    source=Events("orders", time="ordered_at", available="loaded_at", id="order_id"),
    ttl="90d",
    owner="growth@example.com",
    features={
        "orders_30d": count().over("30d"),
        "spent": col("amount").sum(),
        "last_category": col("category").lower().last(),
    },
)
"""
TYPES = pa.schema(
    [
        ("order_id", pa.string()),
        ("customer_id", pa.string()),
        ("ordered_at", pa.timestamp("us", "UTC")),
        ("loaded_at", pa.timestamp("us", "UTC")),
        ("amount", pa.float64()),
        ("category", pa.string()),
    ]
)


def order(number: int, *, customer: str = "c1", days: float = 1.0, late: float = 0.0, **changes: Any) -> dict[str, Any]:
    """An order some days before `NOW`, known `late` days after it happened."""
    at = NOW - timedelta(days=days)
    plain = {
        "order_id": f"o{number}",
        "customer_id": customer,
        "ordered_at": at,
        "loaded_at": at + timedelta(days=late),
    }
    return {**plain, "amount": float(number), "category": "Shoes", **changes}


def orders_table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, TYPES)


def append_orders(place: Workspace, rows: list[dict[str, Any]]) -> None:
    place.tables.append("orders", orders_table(rows))


def write_features(root: Path, text: str = FILE) -> None:
    (root / "features").mkdir(exist_ok=True)
    (root / "features" / "shop.py").write_text(text)


def write_view_workspace(root: Path, rows: list[dict[str, Any]] | None = None) -> Workspace:
    """A workspace whose dataset has the rows: by default ten orders of each of five customers, one a day."""
    (root / "dragoman.toml").touch()
    write_features(root)
    place = open_workspace(root)
    own = [order(10 * one + day, customer=f"c{one}", days=day + 1) for one in range(5) for day in range(10)]
    append_orders(place, own if rows is None else rows)
    return place

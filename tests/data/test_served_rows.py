from __future__ import annotations

import pyarrow as pa

from dragoman.data.served_rows import join_beside_served

VIEWS = ["orders"]


def counted(rows: pa.Table) -> pa.Table:
    """A join that finds two orders of everybody."""
    return rows.append_column("orders.count", pa.array([2] * len(rows), pa.int64()))


def test_rows_of_labels_keep_what_was_served_and_all_keep_their_places() -> None:
    rows = pa.table({"id": ["a", "label:p1", None, "label:p2"], "orders.count": [None, 7, None, None]})
    joined = join_beside_served(rows, VIEWS, counted)
    assert joined["id"].to_pylist() == ["a", "label:p1", None, "label:p2"]
    assert joined["orders.count"].to_pylist() == [2, 7, 2, None]


def test_without_such_rows_everything_is_joined() -> None:
    rows = pa.table({"id": ["a", "b"], "other.count": [1, 1]})
    assert join_beside_served(rows, VIEWS, counted)["orders.count"].to_pylist() == [2, 2]


def test_columns_of_a_view_may_stand_in_rows_without_ids() -> None:
    rows = pa.table({"orders.total": [5]})
    assert join_beside_served(rows, VIEWS, counted).column_names == ["orders.total", "orders.count"]

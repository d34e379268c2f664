from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.features.world import FILE, NOW, order, orders_table, write_features

from dragoman.features.loading import load_views
from dragoman.features.offline import join_as_of
from dragoman.features.offline.sources import WorkspaceSources
from dragoman.features.skew.hindsight import HindsightSources
from dragoman.features.view import View


class Rows:
    """Sources of one table, in batches of three."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.table = orders_table(rows)

    def schema(self, view: View) -> pa.Schema:
        return self.table.schema

    def number(self, view: View) -> int:
        return 1

    def batches(self, view: View, columns: list[str]) -> Any:
        return iter(self.table.select(columns).to_batches(max_chunksize=3))


def view_of(folder: Path, *, versions: bool = True) -> View:
    write_features(folder, FILE if versions else FILE.replace(', id="order_id"', ""))
    return load_views(folder / "features")["activity"]


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> View:
    return view_of(tmp_path_factory.mktemp("views"))


def spent(view: View, sources: Any, *, days: float) -> float | None:
    """What the customer had spent some days before `NOW`."""
    rows = pa.table({"customer_id": ["c1"], "at": pa.array([NOW - timedelta(days=days)], pa.timestamp("us", "UTC"))})
    return join_as_of(rows, [view], sources, time="at")["activity.spent"].to_pylist()[0]


def test_an_event_that_came_late_counts_from_when_it_happened(view):
    sources = Rows([order(3, days=5, late=3), order(4, days=6)])
    assert (spent(view, sources, days=4), spent(view, HindsightSources(sources), days=4)) == (4, 7)
    assert spent(view, sources, days=1) == spent(view, HindsightSources(sources), days=1) == 7


def test_a_corrected_event_has_its_newest_value_from_the_beginning(view):
    corrected = order(3, days=5, late=4, amount=30.0)
    sources = Rows([order(3, days=5), corrected, order(4, days=6)])
    assert (spent(view, sources, days=3), spent(view, HindsightSources(sources), days=3)) == (7, 34)


def test_of_two_versions_known_at_once_the_later_row_counts(view):
    sources = HindsightSources(Rows([order(3, days=5, amount=1.0), order(3, days=5, amount=2.0)]))
    assert spent(view, sources, days=1) == 2


def test_an_event_without_an_id_is_its_own(view):
    sources = Rows([order(3, days=5, order_id=None), order(4, days=5, late=2, order_id=None)])
    assert spent(view, HindsightSources(sources), days=4) == 7


def test_an_event_that_nobody_has_learnt_of_is_none(view):
    sources = Rows([order(3, days=5, loaded_at=None), order(4, days=5)])
    assert spent(view, HindsightSources(sources), days=1) == 4


def test_without_ids_every_row_counts(tmp_path):
    sources = Rows([order(3, days=5, late=3), order(3, days=5)])
    view = view_of(tmp_path, versions=False)
    assert spent(view, HindsightSources(sources), days=4) == 6


def test_without_an_available_time_nothing_comes_late(tmp_path):
    write_features(tmp_path, FILE.replace(' available="loaded_at",', ""))
    view = load_views(tmp_path / "features")["activity"]
    sources = Rows([order(3, days=5, late=3), order(4, days=6)])
    assert spent(view, HindsightSources(sources), days=4) == spent(view, sources, days=4) == 7


ORDERS = st.lists(
    st.builds(
        lambda number, days, late, amount: order(number, days=days, late=late, amount=amount),
        st.integers(0, 3),
        st.integers(1, 9),
        st.integers(0, 5),
        st.integers(0, 9).map(float),
    ),
    max_size=8,
)


@settings(max_examples=12)
@given(ORDERS, st.integers(0, 9))
def test_hindsight_is_the_newest_version_of_each_event_that_has_happened(view, rows, days):
    newest: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["loaded_at"]):
        newest[row["order_id"]] = row
    then = NOW - timedelta(days=days)
    expected = [row["amount"] for row in newest.values() if row["ordered_at"] <= then]
    assert spent(view, HindsightSources(Rows(rows)), days=days) == (sum(expected) if expected else None)


def test_it_reads_the_version_that_is_read(tmp_path, view):
    from dragoman.store.tables import DeltaTables

    tables = DeltaTables(tmp_path)
    tables.append("orders", orders_table([order(1)]))
    sources = HindsightSources(WorkspaceSources(tables, tmp_path))
    assert sources.number(view) == tables.latest("orders")
    assert sources.schema(view).names == orders_table([]).schema.names

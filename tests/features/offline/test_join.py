from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.features.offline.world import EventsInMemory, expected, joined, times_at

from dragoman.errors import InvalidData, InvalidInput
from dragoman.features import Entity, Events, Expression, View, col, count, hours_since, if_else
from dragoman.features.offline import join, join_as_of, reading

FEATURES: dict[str, Expression] = {
    "orders": count(),
    "orders_3h": count().over("3h"),
    "with_amount": col("amount").count().over("2h"),
    "sum": col("amount").sum(),
    "sum_5h": col("amount").sum().over("5h"),
    "mean": col("amount").mean(),
    "std": col("amount").std().over("5h"),
    "min": col("amount").min().over("5h"),
    "max": col("amount").max(),
    "first": col("amount").first().over("4h"),
    "last": col("amount").last(),
    "distinct": col("amount").distinct().over("6h"),
    "pieces": col("pieces").sum(),
    "pieces_mean": col("pieces").mean(),
    "pieces_std": col("pieces").std().over("5h"),
    "pieces_max": col("pieces").max().over("2h"),
    "paid": col("paid").sum(),
    "paid_share": col("paid").mean().over("5h"),
    "paid_min": col("paid").min().over("3h"),
    "paid_last": col("paid").last(),
    "city_first": col("city").first(),
    "city_last": col("city").last().over("6h"),
    "city_min": col("city").min().over("6h"),
    "city_max": col("city").max(),
    "cities": col("city").lower().distinct(),
    "when": col("at").last(),
    "earliest": col("at").min().over("5h"),
    "days": col("at").distinct(),
    "since": hours_since(col("at").last()),
    "paid_orders": count().where(col("paid")).over("5h"),
    "cheap": col("city").last().where(col("amount") < 10),
    "trend": col("amount").sum().over("2h") / col("amount").sum().over("5h"),
    "level": if_else(count() > 2, "busy", "calm"),
}
HOURS = st.sampled_from([0, 1, 1.5, 2, 3, 4, 5, 6, 8, 10])
EDGES = [0.0, -0.0, 0.1, 0.2, 0.3, 1e16, -1e16, 1.0, 1e300, 1.7e308, -1.7e308, 5e-324, float("nan"), float("inf")]
AMOUNTS = st.sampled_from(EDGES) | st.floats(-1e6, 1e6) | st.none()
EVENT = st.fixed_dictionaries(
    {
        "key": st.sampled_from(["a", "b", "ä", "", None]),
        "shop": st.sampled_from([1, 2, None]),
        "at": HOURS | st.none(),
        "late": st.sampled_from([0, 0, 0, 1, 2.5, 7, -1]) | st.none(),
        "order": st.sampled_from([1, 2, 3, None]),
        "amount": AMOUNTS,
        "pieces": st.sampled_from([0, 1, 2, 2**62, -(2**63), 2**63 - 1, 2**53 + 1]) | st.integers(-9, 9) | st.none(),
        "paid": st.booleans() | st.none(),
        "city": st.sampled_from(["Ulm", "ulm", "", "Åre", "𝄞", "\uffff"]) | st.none(),
    }
)
ROW = st.tuples(st.sampled_from(["a", "b", "ä", "", "q", None]), st.sampled_from([1, 2, 3, None]), HOURS)
SCHEMA = {"key": pa.string(), "shop": pa.int64(), "order": pa.int64(), "amount": pa.float64()}
SCHEMA |= {"pieces": pa.int64(), "paid": pa.bool_(), "city": pa.string()}


def table_of(events: list[dict[str, Any]]) -> EventsInMemory:
    hours = [event["at"] for event in events]
    known = [None if None in (event["at"], event["late"]) else event["at"] + event["late"] for event in events]
    columns = {name: pa.array([event[name] for event in events], kind) for name, kind in SCHEMA.items()}
    return EventsInMemory(pa.table({**columns, "at": times_at(*hours), "known": times_at(*known)}))


def rows_of(rows: list[tuple[str | None, int | None, float]]) -> pa.Table:
    keys, shops, hours = zip(*rows, strict=True) if rows else ((), (), ())
    columns = {"key": pa.array(keys, pa.string()), "shop": pa.array(shops, pa.int64()), "now": times_at(*hours)}
    return pa.table({**columns, "number": pa.array(range(len(rows)))})


def view_of(
    name: str, *, keys: tuple[str, ...] = ("key",), features: dict[str, Expression] | None = None, **how: Any
) -> View:
    source = {"time": "at", **{part: how.pop(part) for part in ("available", "id") if part in how}}
    entity = Entity("one", keys=keys)
    return View(
        name, entity=entity, source=Events("orders", **source), features=features or FEATURES, owner="me", **how
    )


VIEWS = [
    view_of("full", available="known", id="order", ttl="8h"),
    view_of("late", available="known"),
    view_of("plain", ttl="4h"),
    view_of("pair", keys=("shop", "key"), id="order"),
]


@settings(max_examples=50, deadline=None)
@given(st.lists(EVENT, max_size=14), st.lists(ROW, max_size=8), st.sampled_from(VIEWS))
def test_a_join_gives_the_values_of_the_definition(events: list[Any], rows: list[Any], view: View) -> None:
    source, table = table_of(events), rows_of(rows)
    assert repr(joined(table, [view], source, time="now")) == repr(expected(table, [view], source, time="now"))


@settings(max_examples=15, deadline=None)
@given(st.lists(EVENT, max_size=12), st.lists(ROW, max_size=8))
def test_several_views_and_a_slice_for_each_key_change_nothing(events: list[Any], rows: list[Any]) -> None:
    source, table = table_of(events), rows_of(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "POINT_BYTES", 10**9)
        found = joined(table, VIEWS[:3], source, time="now")
    assert found == expected(table, VIEWS[:3], source, time="now")


def event(**known: Any) -> dict[str, Any]:
    usual = {"key": "a", "shop": 1, "at": 0, "late": 0, "order": None, "amount": 1.0}
    return {**usual, "pieces": 1, "paid": True, "city": "Ulm", **known}


def at(
    view: View, events: list[dict[str, Any]], *hours: float, key: str | None = "a", shop: int | None = 1
) -> list[Any]:
    """What the only feature of a view is at some hours."""
    rows = rows_of([(key, shop, hour) for hour in hours])
    return [value for row in joined(rows, [view], table_of(events), time="now") for value in row.values()]


def known_view(feature: Expression, **how: Any) -> View:
    return view_of("one", available="known", id="order", features={"value": feature}, **how)


def test_an_event_counts_when_it_was_known_not_when_it_happened() -> None:
    view = known_view(count())
    assert at(view, [event(at=1, late=3)], 1, 3.9, 4, 5) == [0, 0, 1, 1]


def test_an_event_in_the_future_does_not_count_before_its_time() -> None:
    view = known_view(count())
    assert at(view, [event(at=4, late=-3)], 1, 3.9, 4) == [0, 0, 1]


def test_a_window_has_its_end_but_not_its_beginning() -> None:
    view = known_view(count().over("2h"))
    assert at(view, [event(at=1)], 0.9, 1, 2.9, 3) == [0, 1, 1, 0]


def test_a_correction_counts_from_when_it_was_known() -> None:
    view = known_view(col("amount").sum())
    assert at(view, [event(order=1, amount=5.0), event(order=1, amount=3.0, late=2)], 0, 1.9, 2) == [5.0, 5.0, 3.0]


def test_a_correction_that_moves_an_event_out_of_the_window_takes_it_away() -> None:
    view = known_view(count().over("2h"))
    events = [event(order=1, at=3), event(order=1, at=0, late=4)]
    assert at(view, events, 3, 3.9, 4) == [1, 1, 0]


def test_a_correction_into_the_future_takes_the_event_away_until_then() -> None:
    view = known_view(count())
    events = [event(order=1, at=0), event(order=1, at=5, late=-3)]
    assert at(view, events, 1, 2, 4.9, 5) == [1, 0, 0, 1]


def test_of_corrections_known_at_once_the_later_row_counts() -> None:
    view = known_view(col("amount").sum())
    events = [event(order=1, amount=5.0), event(order=1, amount=3.0, late=2), event(order=1, amount=4.0, late=2)]
    assert at(view, events, 2) == [4.0]


def test_an_id_is_that_of_one_key() -> None:
    view = known_view(count())
    events = [event(order=1), event(order=1, key="b", late=1)]
    assert at(view, events, 2) == at(view, events, 2, key="b") == [1]


def test_a_corrected_event_that_is_left_out_no_longer_counts() -> None:
    view = known_view(count().where(col("paid")))
    assert at(view, [event(order=1), event(order=1, paid=False, late=2)], 1, 2) == [1, 0]


def test_the_last_value_is_that_of_the_latest_time_then_of_the_latest_news_then_of_the_later_row() -> None:
    view = known_view(col("city").last())
    cities = [event(at=2, city="time"), event(at=1, late=3, city="news"), event(at=2, city="row")]
    assert at(view, cities, 1.5, 2, 4) == [None, "row", "row"]


def test_a_key_with_a_missing_part_has_no_events() -> None:
    view = view_of("pair", keys=("shop", "key"), features={"orders": count()})
    events = [event(), event(shop=None), event(key=None)]
    assert [at(view, events, 1, key=key, shop=shop) for key, shop in (("a", 1), ("a", None), (None, 1))] == [
        [1],
        [0],
        [0],
    ]


def test_sums_do_not_depend_on_the_order_of_events() -> None:
    amounts = [1e16, 1.0, -1e16, 1e-9, 0.1, 0.2, 0.3, -0.6]
    view = known_view(col("amount").sum())
    found = {
        at(view, [event(amount=one) for one in order], 1)[0] for order in (amounts, amounts[::-1], sorted(amounts))
    }
    assert len(found) == 1


def test_a_key_can_be_aggregated_too() -> None:
    view = view_of("one", features={"shops": col("key").distinct()})
    assert at(view, [event(), event()], 1) == [1]


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["2026-01-01T03:00:00+02:00", "2026-01-01T01:00"]),
        pa.array(["2025-12-31 20:00:00-05:00", "2026-01-01T01:00:00Z"]),
        pa.array([1767229200000000000] * 2, pa.timestamp("ns")),
        pa.array([1767229200] * 2, pa.timestamp("s", "America/New_York")),
    ],
    ids=["text", "text-in-two-zones", "naive", "zone"],
)
def test_times_are_moments_whatever_their_zone(column: pa.Array) -> None:
    source = EventsInMemory(pa.table({"key": ["a", "a"], "at": column}))
    view = view_of("one", features={"orders": count()})
    rows = pa.table({"key": ["a", "a"], "now": times_at(0.999, 1)})
    assert joined(rows, [view], source, time="now") == [{"one.orders": 0}, {"one.orders": 2}]


@pytest.mark.parametrize("column", [["2026-01-01T01:59:00+01:00", "2026-01-01T02:00:00+01:00"]])
def test_times_of_rows_may_be_text(column: list[str]) -> None:
    rows = pa.table({"key": ["a", "a"], "now": column})
    table = join_as_of(rows, [view_of("one", features={"orders": count()})], table_of([event(at=1)]), time="now")
    assert table["one.orders"].to_pylist() == [0, 1]


@pytest.mark.parametrize("kind", [pa.int8(), pa.int32(), pa.uint16(), pa.int64()])
def test_keys_are_equal_whatever_their_width(kind: pa.DataType) -> None:
    source = EventsInMemory(pa.table({"shop": pa.array([7, 8], kind), "at": times_at(0, 0)}))
    rows = pa.table({"shop": pa.array([8, 9], pa.int64()), "now": times_at(1, 1)})
    view = view_of("one", keys=("shop",), features={"orders": count()})
    assert joined(rows, [view], source, time="now") == [{"one.orders": 1}, {"one.orders": 0}]


def test_no_rows_give_no_rows_with_all_columns() -> None:
    table = join_as_of(rows_of([]), VIEWS[:1], table_of([event()]), time="now")
    assert table.num_rows == 0
    assert set(table.column_names) >= {f"full.{name}" for name in FEATURES}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (pa.table({"now": times_at(1)}), "The rows have no column 'key'"),
        (pa.table({"key": ["a"]}), "The rows have no column 'now'"),
        (pa.table({"key": ["a"], "now": times_at(None)}), "1 rows have no 'now'"),
        (pa.table({"key": [1], "now": times_at(1)}), "is int64 in the rows and string in the events"),
        (pa.table({"key": ["a"], "now": [1]}), "has 1, which is no time"),
        (pa.table({"key": ["a"], "now": times_at(1), "plain.orders": [1]}), "have a column 'plain.orders' already"),
    ],
)
def test_rows_that_do_not_fit_are_refused(rows: pa.Table, message: str) -> None:
    with pytest.raises(InvalidData, match=message):
        join_as_of(rows, [VIEWS[2]], table_of([event()]), time="now")


def test_too_little_memory_is_refused() -> None:
    with pytest.raises(InvalidInput, match="The memory for a join is 1000 bytes"):
        join_as_of(rows_of([]), VIEWS, table_of([]), time="now", memory=1_000)


def test_an_error_of_the_source_comes_through() -> None:
    source = EventsInMemory(pa.table({"key": ["a", "a"], "at": ["2026-01-01", "yesterday"]}))
    rows = rows_of([("a", 1, 1)])
    with pytest.raises(InvalidData, match="The column 'at' has 'yesterday', which is no time"):
        join_as_of(rows, [view_of("one", features={"orders": count()})], source, time="now")


def test_memory_that_is_too_little_for_the_events_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(join, "LEAST_MEMORY", 0)
    source = EventsInMemory(pa.table({"key": ["a"] * 200_000, "at": times_at(0).take(pa.array([0] * 200_000))}))
    view = view_of("one", features={"orders": count()})
    with pytest.raises(InvalidInput, match=r"1000000 bytes of memory are too few for the events of the view 'one'"):
        join_as_of(rows_of([("a", 1, 1)]), [view], source, time="now", memory=2_000_000)

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitoring.prediction_log.world import row, rows

from dragoman.monitoring.prediction_log.schema import encode_row, rows_of, table_of
from dragoman.records import PredictionRow

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
COUNT = st.integers(-(2**63), 2**63 - 1)
FEATURE = st.recursive(
    st.none() | st.booleans() | COUNT | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
TIME = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(  # noqa: DTZ001 (made aware below)
    lambda time: time.replace(tzinfo=UTC).isoformat(timespec="milliseconds")
)
KINDS = {
    "str": TEXT,
    "int": COUNT,
    "bool": st.booleans(),
    "float": NUMBER,
    "float | None": st.none() | NUMBER,
    "str | None": st.none() | TEXT,
    "list[str]": st.lists(TEXT, max_size=4),
    "list[float]": st.lists(NUMBER, max_size=4),
    "dict[str, Any]": st.dictionaries(TEXT, FEATURE, max_size=3),
}
FIELDS = {name: KINDS[kind] for name, kind in PredictionRow.__annotations__.items()}
ROWS = st.builds(PredictionRow, **(FIELDS | {"time": TIME}))


def through(given: list[PredictionRow]) -> list[PredictionRow]:
    table, problems = table_of(encode_row(one) for one in given)
    assert problems == []
    return rows_of(table)


@settings(max_examples=60)
@given(st.lists(ROWS, max_size=5))
def test_any_rows_come_out_as_they_went_in(given):
    assert through(given) == given


def test_rows_of_many_chunks_keep_their_order():
    assert [one.id for one in through(rows(*range(3000)))] == [str(number) for number in range(3000)]


def test_a_row_larger_than_a_block_is_read():
    large = row("large", text="ü" * 3_000_000)
    assert through([row("before"), large, row("after")]) == [row("before"), large, row("after")]


def test_no_rows_have_the_same_columns():
    assert table_of([])[0].schema == table_of([encode_row(row("one"))])[0].schema


def test_the_day_is_that_of_the_time_in_utc():
    table, _ = table_of([encode_row(row("one", time="2026-01-02T03:00:00.000+05:00"))])
    assert table["date"].to_pylist() == [date(2026, 1, 1)]


@pytest.mark.parametrize("time", ["", "yesterday", "2026-13-01T00:00:00Z"])
def test_a_row_whose_time_is_none_is_kept(time):
    table, problems = table_of([encode_row(row("one", time=time)), encode_row(row("two"))])
    assert problems == []
    assert table["id"].to_pylist() == ["one", "two"]
    assert [day is None for day in table["date"].to_pylist()] == [True, False]


def test_a_time_without_a_zone_is_in_utc():
    table, _ = table_of([encode_row(row("one", time="2026-01-02T03:04:05"))])
    assert table["time"].to_pylist() == [datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)]


def test_a_row_that_no_column_can_hold_is_named_and_the_others_are_kept():
    table, problems = table_of(
        [*map(encode_row, rows(1, 2)), encode_row(row("large", tokens=2**70)), b"{", b'{"id":"3"}']
    )
    assert table["id"].to_pylist() == ["1", "2", "3"]
    assert [problem[:20] for problem in problems] == ["a row cannot be read"] * 2


def test_numbers_of_numpy_are_numbers():
    features = {"size": np.float32(0.5), "vector": np.arange(3)}
    assert through([row("one", features=features)])[0].features == {"size": 0.5, "vector": [0, 1, 2]}


def test_rows_of_a_later_release_are_read_without_what_is_new():
    encoded = msgspec.json.encode(msgspec.to_builtins(row("one")) | {"later": {"a": 1}})
    assert rows_of(table_of([encoded])[0]) == [row("one")]


def test_rows_of_an_earlier_release_have_no_trace():
    known = msgspec.to_builtins(row("one"))
    del known["trace"]
    assert rows_of(table_of([msgspec.json.encode(known)])[0]) == [row("one")]


@pytest.mark.parametrize(
    "payload",
    [b"null", b" null\n", b"[]", b"7", b'"x"', b"", b'{"id":"a"}\nnull', b'{"x":' + b"[" * 9_000 + b"]" * 9_000 + b"}"],
)
def test_what_is_no_row_is_told_and_the_rows_beside_it_are_kept(payload):
    table, problems = table_of([encode_row(row("one")), payload, encode_row(row("two"))])
    assert table["id"].to_pylist() == ["one", "two"]
    assert [problem[:20] for problem in problems] == ["a row cannot be read"]


def test_rows_of_an_earlier_release_have_no_value_and_no_key():
    known = msgspec.to_builtins(row("one"))
    for name in ("value", "key", "features_time"):
        del known[name]
    assert rows_of(table_of([msgspec.json.encode(known)])[0]) == [row("one")]


def test_features_are_kept_as_they_were_served():
    features = {"age": 41, "rate": 0.1, "plan": "gold", "open": True, "orders.count_30d": None}
    kept = through([row("one", features=features, value=-1.5, key='"ab12"')])[0]
    assert (kept.features, kept.value, kept.key) == (features, -1.5, '"ab12"')
    assert list(kept.features) == list(features)

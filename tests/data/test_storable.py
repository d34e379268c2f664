from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pytest

from dragoman.data.storable import fit_batch, same_columns, storable, unified
from dragoman.errors import InvalidData

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("array", "kind", "value"),
    [
        (pa.array(["a"]).dictionary_encode(), pa.string(), "a"),
        (pa.array(["a"], pa.large_string()), pa.string(), "a"),
        (pa.array([b"a"], pa.large_binary()), pa.binary(), b"a"),
        (pa.array([200], pa.uint8()), pa.int16(), 200),
        (pa.array([2**40], pa.uint64()), pa.int64(), 2**40),
        (pa.array([1.5], pa.float16()), pa.float32(), 1.5),
        (pa.array([MOMENT], pa.timestamp("ns", "Europe/Paris")), pa.timestamp("us", "UTC"), MOMENT),
        (pa.array([MOMENT.replace(tzinfo=None)], pa.timestamp("s")), pa.timestamp("us", "UTC"), MOMENT),
        (pa.array([date(2026, 1, 2)], pa.date64()), pa.date32(), date(2026, 1, 2)),
        (pa.array([time(3, 4)]), pa.string(), "03:04:00.000000"),
        (pa.array([[1, None]]), pa.string(), "[1,null]"),
        (pa.array([{"k": "ü"}]), pa.string(), '{"k":"ü"}'),
        (pa.array([Decimal("1.50")]), pa.decimal128(3, 2), Decimal("1.50")),
    ],
)
def test_every_column_becomes_one_that_delta_holds(array, kind, value):
    found = storable(pa.RecordBatch.from_arrays([array], names=["x"]))
    assert (found.schema.field("x").type, found.column("x")[0].as_py()) == (kind, value)


def test_a_column_without_a_type_is_left_out():
    assert storable(pa.RecordBatch.from_pydict({"a": [1], "b": [None]})).schema.names == ["a"]


def test_a_number_that_is_too_large_is_refused():
    with pytest.raises(InvalidData, match="The column 'x' cannot be stored"):
        storable(pa.RecordBatch.from_pydict({"x": pa.array([2**63], pa.uint64())}))


def test_columns_of_all_are_put_together_and_integers_and_floats_are_floats():
    one, other = pa.schema([("a", pa.int64())]), pa.schema([("b", pa.string()), ("a", pa.float64())])
    assert same_columns(unified([one, other]), pa.schema([("a", pa.float64()), ("b", pa.string())]))


def test_columns_of_two_types_are_refused():
    with pytest.raises(InvalidData, match="values of two types"):
        unified([pa.schema([("a", pa.int64())]), pa.schema([("a", pa.string())])])


def test_a_batch_is_given_the_columns_of_a_schema():
    schema = pa.schema([("b", pa.string()), ("a", pa.float64())])
    assert fit_batch(pa.RecordBatch.from_pydict({"a": [1]}), schema).to_pylist() == [{"b": None, "a": 1.0}]

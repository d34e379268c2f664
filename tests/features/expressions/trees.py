"""Random expressions of every function, and rows with the values that go wrong."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import strategies as st

from dragoman.features.expressions import FUNCTIONS, Aggregate, Call, Column, Node, Type, Value
from dragoman.features.expressions.function import Overload
from dragoman.features.expressions.types import LEAST_TIME, MOST_TIME
from dragoman.features.expressions.zones import offsets_of

ZONES = ["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia"]
COLUMNS: Mapping[str, Type] = {"n": "number", "m": "number", "i": "integer", "b": "boolean", "s": "string", "t": "time"}
ARROW = {
    "number": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "string": pa.string(),
    "time": pa.timestamp("us", "UTC"),
}
CHANGES = [change for zone in ZONES for change in offsets_of(zone).changes]
LETTERS = "aZ \t\0'\"\\%_ßẞİıIiΣσςŉǰﬁᾈᾳÅK\u0307\u0301é\u2028\u3000\u180e\u200b𝕏𐐀𐐨👩‍👩日本"

numbers = st.floats(width=64) | st.sampled_from(
    [0.0, -0.0, 0.5, 1.5, 2.5, -0.5, 0.49999999999999994, 1e308, -1e308, 5e-324, 2.0**53 + 2, 2.0**63, -(2.0**63)]
)
integers = (
    st.integers(-(2**63), 2**63 - 1)
    | st.integers(-5, 5)
    | st.sampled_from([2**63 - 1, -(2**63), 2**53 + 1, 2**62, 3037000500])
)
strings = st.text(st.sampled_from(LETTERS) | st.characters(exclude_categories=["Cs"]), max_size=8)
times = (
    st.integers(LEAST_TIME - 10**12, MOST_TIME + 10**12)
    | st.builds(lambda change, off: change + off, st.sampled_from(CHANGES), st.sampled_from([-1, 0, 1]))
    | st.sampled_from([LEAST_TIME, MOST_TIME, 0, -1])
)
VALUES: dict[Type, st.SearchStrategy[Any]] = {
    "number": numbers,
    "integer": integers,
    "boolean": st.booleans(),
    "string": strings,
    "time": times,
}
finite = st.floats(allow_nan=False, allow_infinity=False).map(lambda value: value + 0.0)
edges = st.lists(st.integers(-5, 5) | finite, min_size=1, max_size=4, unique_by=float)
CONSTANTS: dict[str, dict[Type, st.SearchStrategy[Any]]] = {
    "bucket": {
        "integer": st.lists(integers, min_size=1, max_size=4, unique=True).map(sorted),
        "number": edges.map(lambda some: sorted(map(float, some))),
    },
    "is_in": {
        "integer": st.lists(integers, min_size=1, max_size=4),
        "number": st.lists(finite, min_size=1, max_size=4),
        "boolean": st.lists(st.booleans(), min_size=1, max_size=2),
        "string": st.lists(strings, min_size=1, max_size=4),
    },
    **{name: {"time": st.sampled_from(ZONES).map(lambda zone: [zone])} for name in ("hour", "weekday", "day", "month")},
}

OVERLOADS = [(name, overload) for name, function in FUNCTIONS.items() for overload in function.overloads]


@st.composite
def calls(draw: Any, name: str, overload: Overload, leaves: Mapping[Type, list[Node]], depth: int) -> Node:
    """A call of a function by one of its overloads. A function with constants needs a row of `CONSTANTS`."""
    takes = overload.takes + overload.takes[-1:] * (draw(st.integers(0, 2)) if FUNCTIONS[name].variadic else 0)
    arguments = tuple(draw(nodes(type, leaves, depth - 1)) for type in takes)
    constants = () if overload.constants is None else tuple(draw(CONSTANTS[name][overload.takes[0]]))
    return Call(function=name, arguments=arguments, constants=constants)


@st.composite
def nodes(draw: Any, type: Type, leaves: Mapping[Type, list[Node]], depth: int) -> Node:
    """An expression of a type, of at most `depth` levels of calls."""
    if depth <= 0 or draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from(leaves[type]) | constants_of(type)) if leaves[type] else draw(constants_of(type))
    outside = any(isinstance(leaf, Aggregate) for group in leaves.values() for leaf in group)
    fits = [
        (name, overload)
        for name, overload in OVERLOADS
        if overload.gives == type and (outside or not FUNCTIONS[name].outside)
    ]
    return draw(calls(*draw(st.sampled_from(fits)), leaves, depth))


def constants_of(type: Type) -> st.SearchStrategy[Node]:
    inside = st.integers(LEAST_TIME, MOST_TIME)
    values = {**VALUES, "number": finite, "time": inside}[type]
    return values.map(lambda value: Value(type=type, value=value))


INNER: dict[Type, list[Node]] = {
    type: [Column(name=name) for name, one in COLUMNS.items() if one == type] for type in VALUES
}
OUTER: dict[Type, list[Node]] = {
    type: [Aggregate(kind="last", of=column) for column in columns] for type, columns in INNER.items()
}
rows = st.lists(
    st.fixed_dictionaries({name: st.none() | VALUES[type] for name, type in COLUMNS.items()}), min_size=1, max_size=8
)


def table_of(some: Sequence[Mapping[str, Any]]) -> pa.Table:
    return pa.table({name: pa.array([row[name] for row in some], ARROW[type]) for name, type in COLUMNS.items()})


def asked(connection: duckdb.DuckDBPyConnection, sql: str, table: pa.Table) -> list[Any]:
    connection.register("rows_of_test", table)
    found = connection.execute(f"SELECT {sql} FROM rows_of_test")
    assert str(found.description[0][1]) in {"DOUBLE", "BIGINT", "BOOLEAN", "VARCHAR"}
    return [row[0] for row in found.fetchall()]


def bits(values: Sequence[Any]) -> list[Any]:
    """Floats as their bits, and every value with its type."""
    return [(type(value).__name__, struct.pack("<d", value) if isinstance(value, float) else value) for value in values]

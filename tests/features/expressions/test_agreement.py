"""DuckDB and the rows' compiler give the same value, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.features.expressions.trees import (
    COLUMNS,
    INNER,
    OUTER,
    OVERLOADS,
    VALUES,
    asked,
    bits,
    calls,
    nodes,
    rows,
    table_of,
)

from dragoman.features.expressions import (
    FUNCTIONS,
    Aggregate,
    aggregates_of,
    row_aggregate,
    row_inner,
    row_scalar,
    sql_aggregate,
    sql_inner,
    sql_scalar,
)
from dragoman.features.expressions.typed import typed
from dragoman.features.expressions.types import LEAST_TIME, MOST_TIME

few = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
more = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
INSIDE = [(name, overload) for name, overload in OVERLOADS if not FUNCTIONS[name].outside]
some_nodes = st.sampled_from(list(VALUES)).flatmap(lambda kind: nodes(kind, INNER, 4))
nows = st.integers(LEAST_TIME, MOST_TIME)
LAST = {
    leaf: leaf.of for group in OUTER.values() for leaf in group
}  # the aggregates of these tests hold one column each


def name_of(value: Any) -> str:
    return value if isinstance(value, str) else f"{', '.join(value.takes)}"


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


@pytest.mark.parametrize(("name", "overload"), INSIDE, ids=name_of)
def test_every_function_gives_the_same_in_duckdb_and_in_rows(duck, name, overload):
    @few
    @given(calls(name, overload, INNER, 2), rows)
    def agrees(node, some):
        assert typed(node, COLUMNS).overload is overload
        found = asked(duck, sql_inner(node, COLUMNS), table_of(some))
        compute = row_inner(node, COLUMNS)
        assert bits(found) == bits([compute(row) for row in some])

    agrees()


@pytest.mark.parametrize(
    ("name", "overload"), [(name, FUNCTIONS[name].overloads[-1]) for name in FUNCTIONS], ids=name_of
)
def test_every_function_of_aggregates_gives_the_same_in_duckdb_and_in_rows(duck, name, overload):
    columns = {leaf: sql_inner(column, COLUMNS) for leaf, column in LAST.items()}
    values = {leaf: row_inner(column, COLUMNS) for leaf, column in LAST.items()}

    @few
    @given(calls(name, overload, OUTER, 2).filter(aggregates_of), rows, nows)
    def agrees(node, some, now):
        found = asked(duck, sql_scalar(node, COLUMNS, columns, f"{now}"), table_of(some))
        compute = row_scalar(node, COLUMNS)
        assert bits(found) == bits([compute({leaf: one(row) for leaf, one in values.items()}, now) for row in some])

    agrees()


@more
@given(some_nodes, rows)
def test_deep_expressions_give_the_same_in_duckdb_and_in_rows(duck, node, some):
    compute = row_inner(node, COLUMNS)
    assert bits(asked(duck, sql_inner(node, COLUMNS), table_of(some))) == bits([compute(row) for row in some])


@few
@given(some_nodes, nodes("boolean", INNER, 2), rows)
def test_what_an_event_adds_is_the_same_in_duckdb_and_in_rows(duck, node, where, some):
    aggregate = Aggregate(kind="last", of=node, where=where)
    compute = row_aggregate(aggregate, COLUMNS)
    assert bits(asked(duck, sql_aggregate(aggregate, COLUMNS), table_of(some))) == bits([compute(row) for row in some])

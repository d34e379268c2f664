"""Expressions as plain data and as text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.features.expressions.trees import INNER, OUTER, VALUES, nodes

from dragoman.errors import InvalidSpec
from dragoman.features.expressions import FUNCTIONS, KINDS, Expression, col, count, from_plain, text_of, to_plain

any_nodes = st.sampled_from(list(VALUES)).flatmap(lambda kind: nodes(kind, INNER, 3) | nodes(kind, OUTER, 3))
STORED = (
    '{"version": 1, "expression": {"is": "call", "function": "divide", "arguments": [{"is": "aggregate", "kind": '
    '"sum", "of": {"is": "column", "name": "amount"}, "where": {"is": "call", "function": "is_in", "arguments": '
    '[{"is": "column", "name": "land ü"}], "constants": ["de", "at"]}, "window": 604800000000}, {"is": "aggregate", '
    '"kind": "count", "of": null, "where": null, "window": null}], "constants": []}}'
)


@settings(max_examples=50, deadline=None)
@given(any_nodes)
def test_plain_data_comes_back_from_json_as_it_was(node):
    assert from_plain(json.loads(json.dumps(to_plain(node)))) == node


@settings(max_examples=50, deadline=None)
@given(any_nodes, any_nodes)
def test_the_same_text_means_the_same_expression(one, other):
    assert (text_of(one) == text_of(other)) == (one == other)
    assert text_of(from_plain(to_plain(one))) == text_of(one)


def test_what_was_stored_by_version_1_is_read():
    expression = col("amount").sum().where(col("land ü").is_in(["de", "at"])).over("7d") / count()
    assert Expression.from_plain(json.loads(STORED)).node == expression.node
    assert expression.to_plain() == json.loads(STORED)
    assert expression.text == 'sum(amount).where(is_in(col("land ü"), ["de", "at"])).over(7d) / count()'


@pytest.mark.parametrize(("window", "text"), [("48h", "2d"), ("2w", "14d"), ("90min", "90min"), ("3600s", "1h")])
def test_a_window_has_one_text(window, text):
    assert count().over(window).text == f"count().over({text})"


def test_functions_and_aggregates_have_different_names():
    assert not set(FUNCTIONS) & set(KINDS)


@pytest.mark.parametrize(
    "plain",
    [
        None,
        {},
        {"version": 2, "expression": {"is": "column", "name": "a"}},
        {"version": 1, "expression": {"is": "row", "name": "a"}},
        {"version": 1, "expression": {"is": "column", "name": "a", "more": 1}},
        {"version": 1, "expression": {"is": "call", "function": "system", "arguments": []}},
        {"version": 1, "expression": {"is": "value", "type": "integer", "value": "1"}},
        {"version": 1, "expression": {"is": "aggregate", "kind": "sum"}},
        {"version": 1, "expression": {"is": "aggregate", "kind": "count", "window": -1}},
    ],
)
def test_broken_plain_data_is_refused(plain):
    with pytest.raises(InvalidSpec):
        Expression.from_plain(plain)

"""Small and capital letters are the same in rows and in DuckDB, for every code point."""

from __future__ import annotations

import sys

import duckdb
import pytest
from hypothesis import given, settings
from tests.features.expressions.trees import COLUMNS, asked, strings, table_of

from dragoman.features.expressions import col, letters, row_inner, sql_inner
from dragoman.features.expressions.letters import LOWER, UPPER, WHITE

EVERY = [chr(point) for point in range(sys.maxunicode + 1) if not 0xD800 <= point <= 0xDFFF]
ROWS = [{**dict.fromkeys(COLUMNS), "s": f"a{chr(one)}b{chr(one)}"} for one in sorted({*LOWER, *UPPER})]


@pytest.mark.parametrize("function", ["lower", "upper"])
def test_duckdb_maps_every_code_point_as_the_table_does(function):
    assert letters.agrees(function)


@pytest.mark.parametrize("function", ["lower", "upper"])
@pytest.mark.parametrize("agrees", [True, False], ids=["built in", "table"])
def test_a_duckdb_of_another_unicode_gives_the_same(monkeypatch, function, agrees):
    monkeypatch.setattr(letters, "agrees", lambda function: agrees)
    expression = getattr(col("s"), function)()
    with duckdb.connect() as connection:
        found = asked(connection, sql_inner(expression.node, COLUMNS), table_of(ROWS[::3]))
    compute = row_inner(expression.node, COLUMNS)
    assert found == [compute(row) for row in ROWS[::3]]


def test_the_table_is_that_of_unicode_but_for_two_letters():
    lower = {chr(one): chr(other) for one, other in LOWER.items()}
    upper = {chr(one): chr(other) for one, other in UPPER.items()}
    assert [one for one, other in lower.items() if one.lower() != other] == ["İ"]
    longer = [one for one, other in upper.items() if one.upper() != other]
    assert all(len(one.upper()) > 1 for one in longer)
    assert upper["ß"] == "ẞ"


def test_white_space_is_that_of_unicode():
    assert set(WHITE) == {letter for letter in EVERY if letter.isspace()} - set("\x1c\x1d\x1e\x1f")


@settings(max_examples=50, deadline=None)
@given(strings)
def test_letters_change_one_by_one(text):
    for function in ("lower", "upper"):
        changed = row_inner(getattr(col("s"), function)().node, COLUMNS)({"s": text})
        assert len(changed) == len(text)

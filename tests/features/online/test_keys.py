from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.features.online.keys import key_sql, key_text

TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
NUMBERS = st.none() | st.integers(-(2**63), 2**63 - 1)
PARTS = st.sampled_from(["", "1", "1:", ":", "é", "2:ab"]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=3
)
PAIRS = st.lists(PARTS, min_size=2, max_size=2)
KEYS = st.lists(st.tuples(TEXTS, NUMBERS, st.none() | st.booleans()), min_size=1, max_size=5)


def by_sql(columns: list[str], rows: list[Any]) -> list[str | None]:
    kinds = {"text": pa.string(), "number": pa.int64(), "flag": pa.bool_()}
    table = pa.table({name: pa.array([row[n] for row in rows], kinds[name]) for n, name in enumerate(kinds)})
    with duckdb.connect() as connection:
        connection.register("rows_of_test", table)
        return [text for (text,) in connection.execute(f"SELECT {key_sql(columns)} FROM rows_of_test").fetchall()]


@settings(max_examples=12)
@given(rows=KEYS)
def test_sql_and_python_write_the_same_keys(rows: list[Any]) -> None:
    names = ["text", "number", "flag"]
    whole = [key_text(names, dict(zip(names, row, strict=True))) for row in rows]

    assert by_sql(names, rows) == whole
    for place, name in enumerate(names):
        assert by_sql([name], rows) == [key_text([name], row[place]) for row in rows]


@settings(max_examples=100)
@given(first=PAIRS, second=PAIRS)
def test_different_keys_have_different_texts(first: list[str], second: list[str]) -> None:
    texts = [key_text(["a", "b"], {"a": one[0], "b": one[1]}) for one in (first, second)]

    assert (texts[0] == texts[1]) == (first == second)

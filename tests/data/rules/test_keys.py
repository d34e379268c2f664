from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.rules.tables import batch, check, column

from dragoman.data.rules import key_store
from dragoman.data.rules.key_hash import hash_texts, mix, unmix
from dragoman.data.rules.key_store import KeyStore
from dragoman.data.rules.utf8 import text_bytes

TEXTS = st.lists(
    st.text("ab\x00é", max_size=3) | st.sampled_from(["x" * 7, "x" * 8, "x" * 9, "x" * 8 + "y" * 9]), max_size=40
)
INTEGERS = st.lists(st.integers(-3, 3) | st.sampled_from([2**63 - 1, -(2**63)]), max_size=40)


def doubles_of(keys: list, parts: int = 1) -> tuple[list[int], int, list]:
    """The numbers of the rows that are not alone, how many keys they have, and these keys."""
    kind = pa.int64() if keys and isinstance(keys[0], int) else pa.string()
    store = KeyStore()
    for part in np.array_split(np.arange(len(keys)), parts):
        store.add(pa.array([keys[row] for row in part], kind), part * 10)
    found = store.doubles()
    shown = [store.key_of(number) for number in found.numbers.tolist()]
    store.close()
    return found.numbers.tolist(), found.keys, shown


def expected_of(keys: list) -> tuple[list[int], int, list]:
    counts = Counter(keys)
    rows = [row for row, key in enumerate(keys) if counts[key] > 1]
    shown = [keys[row].encode() if isinstance(keys[row], str) else keys[row] for row in rows]
    return [row * 10 for row in rows], sum(count > 1 for count in counts.values()), shown


@given(keys=TEXTS | INTEGERS, parts=st.integers(1, 3))
def test_doubles_are_those_that_counting_finds(keys, parts):
    assert doubles_of(keys, parts) == expected_of(keys)


@given(keys=TEXTS | INTEGERS)
def test_a_range_of_hashes_at_a_time_finds_the_same(keys):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(key_store, "PART_KEYS", 3)
        patch.setattr(key_store, "READ_KEYS", 2)
        assert doubles_of(keys) == expected_of(keys)


@given(keys=TEXTS)
def test_texts_with_the_same_hash_are_told_apart(keys):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            key_store, "hash_texts", lambda data, starts, seed: np.diff(starts).astype(np.uint64) % np.uint64(2)
        )
        assert doubles_of(keys) == expected_of(keys)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20))
def test_mixing_can_be_undone_and_so_keeps_integers_apart(values):
    assert [unmix(mixed) for mixed in mix(np.array(values, np.uint64)).tolist()] == values


@given(st.lists(st.text(max_size=20), max_size=20), st.integers(0, 2**64 - 1))
def test_the_hash_of_a_text_does_not_depend_on_its_neighbours(values, seed):
    together = hash_texts(*text_bytes(pa.array(values, pa.string())), seed).tolist()
    assert together == [hash_texts(*text_bytes(pa.array([value])), seed)[0] for value in values]
    assert len(set(together)) == len(set(values))


def test_a_million_keys_are_told_apart():
    store = KeyStore()
    for start in range(0, 1_000_000, 250_000):
        numbers = np.arange(start, start + 250_000)
        store.add(pa.array(np.where(numbers == 999_999, 7, numbers)).cast(pa.string()), numbers)
    assert store.doubles().numbers.tolist() == [7, 999_999]
    store.close()


VALUES = st.sampled_from([None, "", "a", "b", "ab", "1", ":", "-", "1:a"])


@given(st.lists(st.tuples(VALUES, VALUES), max_size=12))
def test_keys_of_several_columns_are_compared_column_by_column(rows):
    data = batch(
        {"x": pa.array([one for one, _ in rows], pa.string()), "y": pa.array([two for _, two in rows], pa.string())}
    )
    contract = 'unique = [["x", "y"]]\n' + column('type = "string"') + column('type = "string"', "y")
    counts = Counter(row for row in rows if None not in row)
    late = check(contract, data).late
    assert [number for one in late for number in one.rows.tolist()] == [
        row for row, key in enumerate(rows) if counts[key] > 1
    ]


IGNORED = {
    "all_values_are_missing": lambda row: any(value is not None for value in row),
    "any_value_is_missing": lambda row: None not in row,
    "never": lambda row: True,
}


@pytest.mark.parametrize("ignored", IGNORED)
@given(rows=st.lists(st.tuples(VALUES, st.sampled_from([None, 0.0, -0.0, 1.5])), max_size=10))
def test_missing_values_in_keys_are_treated_as_ignore_row_if_says(ignored, rows):
    data = batch(
        {"x": pa.array([one for one, _ in rows], pa.string()), "y": pa.array([two for _, two in rows], pa.float64())}
    )
    contract = (
        column('type = "string"')
        + column('type = "number"', "y")
        + (
            '[[expectations]]\ntype = "expect_compound_columns_to_be_unique"\ncolumn_list = ["x", "y"]\n'
            f'ignore_row_if = "{ignored}"\n'
        )
    )
    counts = Counter(row for row in rows if IGNORED[ignored](row))
    expected = sum(count for count in counts.values() if count > 1)
    assert check(contract, data).broken == ({"unique": expected} if expected else {})


@pytest.mark.parametrize(
    ("type", "values", "shown"),
    [
        ("string", ["a\u202e", "b", "a\u202e"], '"a\\u202e"'),
        ("integer", [-7, 1, -7], "-7"),
        ("number", [0.0, 0.5, -0.0], "0.0"),
        ("boolean", [True, False, True], "true"),
        ("time", ["2026-01-01", None, "2026-01-01T01:00:00+01:00"], "2026-01-01T00:00:00Z"),
    ],
)
def test_all_rows_of_a_double_break_it_and_are_shown_with_their_value(type, values, shown):
    checked = check(column(f'type = "{type}"\nunique = true'), batch({"x": values}))
    (violation,) = checked.report.violations
    assert [(row.line, row.value) for row in violation.examples] == [(1, shown), (3, shown)]
    assert (violation.count, violation.rows, checked.report.bad_rows) == (2, sum(one is not None for one in values), 2)
    assert checked.good == [True, True, True]

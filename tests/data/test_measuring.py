from __future__ import annotations

import random
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.data import measuring
from dragoman.data.measuring import Measure

ROWS = [
    {"id": "a", "n": 1, "f": 0.5, "ok": True, "at": datetime(2026, 1, 2, tzinfo=UTC), "language": "de"},
    {"id": "b", "n": None, "f": -0.0, "ok": False, "at": None, "language": "en"},
    {"id": "ü\n", "n": 2**62, "f": None, "ok": None, "at": None, "language": "de"},
]
SCHEMA = pa.schema(
    {"id": pa.string(), "n": pa.int64(), "f": pa.float64(), "ok": pa.bool_()}
    | {"at": pa.timestamp("us", "UTC"), "language": pa.string()}
)


def batch(rows, schema=SCHEMA) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(rows, schema)


def measure(folder, *batches, categories=()):
    with Measure(categories=categories, folder=folder) as found:
        for one in batches:
            found.add(one)
        return found.measured()


def test_rows_and_categories_are_counted(tmp_path):
    found = measure(tmp_path, batch(ROWS), categories=["language", "split"])
    assert (found.rows, found.counts) == (3, {"language": {"de": 2, "en": 1}, "split": {}})


def test_a_column_of_very_many_values_is_no_category(tmp_path, monkeypatch):
    monkeypatch.setattr(measuring, "MOST_VALUES", 2)
    assert measure(tmp_path, batch(ROWS), categories=["id", "language"]).counts == {
        "id": {},
        "language": {"de": 2, "en": 1},
    }


def test_neither_the_order_of_rows_nor_batches_nor_columns_counts(tmp_path):
    whole = measure(tmp_path, batch(ROWS)).digest
    turned = batch(ROWS[::-1]).select(SCHEMA.names[::-1])
    assert measure(tmp_path, turned.slice(0, 1), turned.slice(1)).digest == whole
    assert len(whole) == 64


@pytest.mark.parametrize(
    "changed",
    [ROWS[:2], [*ROWS, ROWS[0]], [{**ROWS[0], "n": 2}, *ROWS[1:]], [{**ROWS[0], "id": "a "}, *ROWS[1:]]],
)
def test_other_rows_have_another_digest(tmp_path, changed):
    assert measure(tmp_path, batch(changed)).digest != measure(tmp_path, batch(ROWS)).digest


def test_a_column_without_values_is_as_good_as_none(tmp_path):
    assert (
        measure(tmp_path, batch(ROWS).append_column("x", pa.nulls(3, pa.string()))).digest
        == measure(tmp_path, batch(ROWS)).digest
    )


def test_values_of_another_kind_or_column_are_other_rows(tmp_path):
    tables = [{"a": ["1"]}, {"a": [1]}, {"a": [1.0]}, {"a": [True]}, {"b": ["1"]}, {"a": [b"1"]}, {"a": [["1"]]}]
    digests = {measure(tmp_path, pa.RecordBatch.from_pydict(columns)).digest for columns in tables}
    assert len(digests) == len(tables)


def test_values_do_not_run_into_each_other(tmp_path):
    one, other = {"a": ["x"], "b": ["yz"]}, {"a": ["xy"], "b": ["z"]}
    assert measure(tmp_path, pa.RecordBatch.from_pydict(one)) != measure(tmp_path, pa.RecordBatch.from_pydict(other))


def test_the_digest_stays_the_same_between_releases(tmp_path):
    assert measure(tmp_path, batch(ROWS)).digest == "1a40550dddedc907232baa28e9b15495e4e893986334c9e70c2c0a87e22ff0b5"


@given(st.lists(st.integers(0, 30), max_size=60), st.randoms(use_true_random=False))
def test_digests_on_disk_are_those_in_memory(tmp_path_factory, numbers, chance):
    folder = tmp_path_factory.mktemp("digests")
    inside = measure(folder, pa.RecordBatch.from_pydict({"n": pa.array(numbers, pa.int64())})).digest
    chance.shuffle(numbers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measuring, "RUN_ROWS", 7)
        parts = [
            pa.RecordBatch.from_pydict({"n": pa.array(numbers[at : at + 3], pa.int64())}) for at in range(0, 60, 3)
        ]
        assert measure(folder, *parts).digest == inside


def test_what_was_seen_so_far_can_be_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(measuring, "RUN_ROWS", 1)
    with Measure(categories=(), folder=tmp_path) as found:
        found.add(batch(ROWS[:2]))
        assert found.measured() == measure(tmp_path, batch(ROWS[:2]))
        found.add(batch(ROWS[2:]))
        assert found.measured() == measure(tmp_path, batch(ROWS))


def test_random_rows_have_different_digests(tmp_path):
    chance = random.Random(0)
    rows = [{"a": [chance.choice("xy") * chance.randint(0, 3)], "b": [chance.randint(0, 2)]} for _ in range(40)]
    digests = {str(row): measure(tmp_path, pa.RecordBatch.from_pydict(row)).digest for row in rows}
    assert len(set(digests.values())) == len(digests)

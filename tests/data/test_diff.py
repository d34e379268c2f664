from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import dataset as ds

from dragoman.data.diff import diff_text, diff_versions
from dragoman.data.spreads import total_variation
from dragoman.errors import InvalidInput
from dragoman.records import Spread, ValueShift

SCHEMA = pa.schema([("id", pa.string()), ("text", pa.string()), ("label", pa.string()), ("score", pa.float64())])
ROWS = st.dictionaries(
    st.sampled_from("abcdefgh"),
    st.tuples(
        st.sampled_from(["où", "wo", "哪里", None]),
        st.sampled_from(["refund", "invoice", None]),
        st.sampled_from([0.0, 0.5, 2.0, float("inf"), None]),
    ),
    max_size=8,
)


def table_of(rows: dict[str, tuple[Any, ...]]) -> pa.Table:
    return pa.Table.from_pylist(
        [{"id": id, "text": text, "label": label, "score": score} for id, (text, label, score) in rows.items()], SCHEMA
    )


@settings(max_examples=25)
@given(ROWS, ROWS)
def test_counts_are_those_of_the_definition(before: dict[str, Any], after: dict[str, Any]) -> None:
    found = diff_versions(table_of(before), table_of(after))
    both = before.keys() & after.keys()
    changed = {id for id in both if before[id] != after[id]}
    assert (found.rows_before, found.rows_after) == (len(before), len(after))
    assert (found.added, found.removed) == (len(after.keys() - both), len(before.keys() - both))
    assert (found.changed, found.unchanged) == (len(changed), len(both) - len(changed))
    columns = {name: sum(before[id][at] != after[id][at] for id in both) for at, name in enumerate(SCHEMA.names[1:])}
    assert found.changed_columns == {name: count for name, count in columns.items() if count}
    assert found.examples.get("changed", []) == sorted(changed)[:5]


@settings(max_examples=25)
@given(ROWS, ROWS)
def test_back_is_the_mirror_of_forth(before: dict[str, Any], after: dict[str, Any]) -> None:
    forth, back = (diff_versions(*map(table_of, pair)) for pair in ((before, after), (after, before)))
    assert (forth.added, forth.removed, forth.changed) == (back.removed, back.added, back.changed)
    assert [one.distance for one in forth.categories] == [one.distance for one in back.categories]


@settings(max_examples=20)
@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=8), st.lists(st.sampled_from(["a", "b", "c"]), max_size=8))
def test_without_a_key_whole_rows_are_counted(before: list[str], after: list[str]) -> None:
    found = diff_versions(*(pa.table({"text": pa.array(texts, pa.string())}) for texts in (before, after)))
    old, new = Counter(before), Counter(after)
    assert (found.key, found.changed) == ([], 0)
    assert (found.added, found.removed) == ((new - old).total(), (old - new).total())
    assert found.unchanged == (new & old).total()


def test_a_table_and_a_dataset_give_the_same() -> None:
    before, after = table_of({"a": ("où", "refund", 1.0)}), table_of({"a": ("wo", "refund", 1.0), "b": ("", None, 2.0)})
    assert diff_versions(before, after) == diff_versions(ds.dataset(before), ds.dataset(after))


def test_the_same_rows_in_another_order_are_the_same_version() -> None:
    table = table_of({"a": ("où", "refund", 1.0), "b": (None, None, None)})
    found = diff_versions(table, table.take([1, 0]))
    assert found.is_same
    assert "nothing changed" in diff_text(found)


def test_categories_are_counted_with_their_shares() -> None:
    before = pa.table({"language": ["de"] * 3 + ["en"]})
    after = pa.table({"language": ["de", "fr", None, "en"]})
    (shift,) = diff_versions(before, after).categories
    assert shift.distance == 0.5
    assert shift.values == [
        ValueShift(value="de", before=3, after=1),
        ValueShift(value="en", before=1, after=1),
        ValueShift(value="fr", before=0, after=1),
        ValueShift(value=None, before=0, after=1),
    ]


def test_rare_values_of_a_category_are_counted_together() -> None:
    before = pa.table({"label": [str(number) for number in range(60)] + ["often"] * 9})
    (shift,) = diff_versions(before, before.slice(0, 60)).categories
    assert shift.others == ValueShift(value="11", before=11, after=11)
    assert shift.values[-1] == ValueShift(value="often", before=9, after=0)


def test_numbers_and_lengths_are_measured() -> None:
    before = pa.table({"text": ["où"] * 4, "n": [1, 2, 3, None]})
    after = pa.table({"text": ["哪里?", None, "où", "où"], "n": [1, 2, 3, 9]})
    found = diff_versions(before, after)
    (number,), (length,) = found.numbers, found.lengths
    assert number.before == Spread(rows=3, missing=1, mean=2, min=1, p05=1, p25=1, p50=2, p75=3, p95=3, max=3)
    assert (number.distance, number.after.max) == (0.25, 9)
    assert (length.after.missing, length.after.max) == (1, 3)


def test_values_beyond_all_that_were_seen_before_move_numbers() -> None:
    before, after = pa.table({"n": [1.0] * 10}), pa.table({"n": [1.0] * 8 + [7.0, -7.0]})
    (number,) = diff_versions(before, after).numbers
    assert number.distance == 0.2


def test_columns_that_came_went_and_changed_their_type_are_named() -> None:
    before = pa.table({"id": ["a", "b"], "n": [1, 2], "old": [0, 0]})
    after = pa.table({"id": ["a", "b"], "n": ["1", "3"], "new": [0, 0]})
    found = diff_versions(before, after)
    assert (found.new_columns, found.lost_columns) == (["new"], ["old"])
    assert found.retyped_columns == {"n": ["int64", "string"]}
    assert found.changed_columns == {"n": 1}
    assert not found.is_same


def test_a_key_may_have_several_columns_and_any_name() -> None:
    columns = {'the "id"': ["a", "a", None], "select": [1, 2, 1], "v": [1, 2, 3]}
    after = pa.table(columns | {"v": [1, 5, 3]})
    found = diff_versions(pa.table(columns), after, key=['the "id"', "select"])
    assert (found.changed, found.unchanged) == (1, 2)
    assert found.examples == {"changed": ["a, 2"]}


def test_a_key_that_two_rows_have_is_refused() -> None:
    with pytest.raises(InvalidInput, match="2 rows of the version after have the key a"):
        diff_versions(pa.table({"id": ["a"]}), pa.table({"id": ["a", "a"]}))


def test_a_key_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no column 'idd'") as caught:
        diff_versions(pa.table({"id": ["a"]}), pa.table({"id": ["a"]}), key=["idd"])
    assert caught.value.help == "Did you mean 'id'?"


def test_the_text_names_what_moved() -> None:
    before = pa.table({"id": list("abc"), "text": ["x"] * 3, "language": ["de", "de", "en"]})
    after = pa.table({"id": list("bcd"), "text": ["x", "y", "z"], "language": ["de", "en", "fr"]})
    lines = diff_text(diff_versions(before, after, names=("support 3", "support 4"))).splitlines()
    assert lines[:2] == ["support 3 → support 4: 3 → 3 rows", "  1 added, 1 removed, 1 changed, 1 unchanged, by id"]
    assert "  values changed: text in 1 rows" in lines
    assert "language  (moved 33.3%)" in lines
    assert "  1 other values as before" in lines


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.data())
def test_total_variation_is_symmetric_and_between_0_and_1(before: list[int], data: st.DataObject) -> None:
    after = data.draw(st.lists(st.integers(0, 9), min_size=len(before), max_size=len(before)))
    assert total_variation(before, after) == total_variation(after, before)
    assert 0 <= total_variation(before, after) <= 1
    assert total_variation(before, [2 * one for one in before]) == 0

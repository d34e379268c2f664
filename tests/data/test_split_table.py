from __future__ import annotations

import random
from collections import Counter
from itertools import product
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.data.splits import TableSplits, check_splits, split_table
from dragoman.errors import InvalidInput
from dragoman.records import SplitRules

SHARES = {"train": 0.6, "dev": 0.2, "test": 0.2}
WORDS = ("order", "parcel", "refund", "cancel", "invoice")
ROWS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join),
        st.sampled_from(["ann", "bob", "cid", "dee", None]),
        st.sampled_from(["1", "2", "3", "4", None]),
        st.sampled_from(["de", "en", "fr"]),
    ),
    max_size=30,
)


def table_of(rows: list[tuple[Any, ...]], **more: list[Any]) -> pa.Table:
    columns = dict(zip(("text", "customer", "pair", "language"), zip(*rows, strict=True), strict=True)) if rows else {}
    names = ("text", "customer", "pair", "language")
    return pa.table({name: pa.array(columns.get(name, ()), pa.string()) for name in names} | more)


def distinct(count: int, **more: Any) -> pa.Table:
    """Texts that are not similar to each other, in three languages with two labels."""
    return pa.table(
        {
            "id": [str(number) for number in range(count)],
            "text": [chr(0x4E00 + number) * 4 for number in range(count)],
            "language": [("de", "en", "fr")[number % 3] for number in range(count)],
            "label": [("refund", "invoice")[number % 2] for number in range(count)],
            **more,
        }
    )


def split(table: pa.Table, **rules: Any) -> TableSplits:
    return split_table(table, SplitRules(**{"shares": SHARES, "seed": "s", **rules}))


@settings(max_examples=50)
@given(ROWS, st.sampled_from([[], ["language"], ["language", "pair"]]))
def test_what_belongs_together_is_never_parted(rows: list[tuple[Any, ...]], stratify: list[str]) -> None:
    table = table_of(rows)
    names = split(table, group="customer", parallel="pair", stratify=stratify).names
    checked = check_splits(
        table.append_column("split", pa.array(names, pa.string())), group="customer", parallel="pair"
    )
    assert checked.is_clean
    assert set(checked.leaking) == {"exact", "near", "group", "parallel"}


@settings(max_examples=50)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[tuple[Any, ...]], chance: random.Random) -> None:
    order = chance.sample(range(len(rows)), len(rows))
    how = {"group": "customer", "stratify": ["language"]}
    first, second = split(table_of(rows), **how), split(table_of([rows[place] for place in order]), **how)
    assert second.names == [first.names[place] for place in order]
    assert second.record == first.record


def test_rows_that_are_added_elsewhere_move_nothing() -> None:
    table = distinct(300)
    more = distinct(400).slice(300)
    assert split(pa.concat_tables([more, table])).names[100:] == split(table).names


def test_rows_that_are_added_to_one_stratum_move_none_in_others() -> None:
    table, more = distinct(300), distinct(360).slice(300)
    more = more.filter(pa.array([language == "de" for language in more["language"].to_pylist()]))
    before = split(table, stratify=["language", "label"]).names
    after = split(pa.concat_tables([table, more]), stratify=["language", "label"]).names
    moved = [row for row in range(300) if before[row] != after[row]]
    assert all(table["language"][row].as_py() == "de" for row in moved)
    assert len(moved) <= 10


def test_a_row_that_is_added_to_a_group_moves_nothing() -> None:
    groups = [f"customer {number % 40}" for number in range(301)]
    table = distinct(301, customer=groups)
    assert split(table, group="customer").names[:300] == split(table.slice(0, 300), group="customer").names


def test_every_stratum_has_the_shares_to_within_a_row() -> None:
    table = distinct(600)
    names = split(table, stratify=["language", "label"]).names
    counts = Counter(zip(table["language"].to_pylist(), table["label"].to_pylist(), names, strict=True))
    for language, label in product(("de", "en", "fr"), ("refund", "invoice")):
        assert all(abs(counts[language, label, name] - 100 * share) <= 1 for name, share in SHARES.items())


def test_small_strata_have_their_share_on_average() -> None:
    tests = 0
    for seed in range(60):
        table = distinct(40, kind=[str(number // 2) for number in range(40)])
        tests += split(table, stratify=["kind"], seed=str(seed)).record.rows["test"]
    assert abs(tests / (60 * 40) - 0.2) < 0.04  # 1,200 strata of two rows, standard deviation 0.012


def test_translations_count_in_the_stratum_of_one_of_them() -> None:
    table = distinct(900, pair=[str(number // 3) for number in range(900)])
    split_names = split(table, parallel="pair", stratify=["language", "label"])
    assert split_names.record.units == 300
    assert all(abs(split_names.record.rows[name] / 900 - share) < 0.05 for name, share in SHARES.items())


def test_without_strata_the_shares_hold_on_average() -> None:
    record = split(distinct(3_000)).record
    assert all(abs(record.rows[name] / 3_000 - share) < 0.04 for name, share in SHARES.items())


def test_the_split_of_a_row_stays_the_same_between_releases() -> None:
    assert split(distinct(8)).names == ["dev", "test", "train", "dev", "train", "dev", "train", "test"]


def test_a_checksum_names_the_rows_whatever_their_order() -> None:
    table = distinct(60)
    record, mixed = split(table).record, split(table.take(list(range(59, -1, -1)))).record
    other = split(table.set_column(0, "id", pa.array([f"x{number}" for number in range(60)]))).record
    assert record.checksums == mixed.checksums
    assert not set(record.checksums.values()) & set(other.checksums.values())


# By time ------------------------------------------------------------------------------------------------------------

DAYS = [f"2025-01-{day:02d}" for day in range(1, 11)]


def test_by_time_train_is_before_dev_and_dev_before_test() -> None:
    table = distinct(10, day=DAYS[::-1])
    found = split(table, time="day")
    assert found.names == ["test"] * 2 + ["dev"] * 2 + ["train"] * 6
    assert found.record.borders == {"dev": "2025-01-07T00:00:00+00:00", "test": "2025-01-09T00:00:00+00:00"}
    assert check_splits(table.append_column("split", pa.array(found.names)), time="day").is_clean


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), min_size=1, max_size=25),
    st.sampled_from(["later", "earlier"]),
)
def test_by_time_no_group_and_no_moment_leaks(rows: list[tuple[int, int]], keep: str) -> None:
    days, customers = zip(*[(DAYS[day], f"customer {customer}") for day, customer in rows], strict=True)
    table = distinct(len(rows), day=list(days), customer=list(customers))
    found = split(table, time="day", group="customer", keep=keep)
    checked = check_splits(table.append_column("split", pa.array(found.names)), time="day", group="customer")
    assert checked.is_clean
    assert sum(found.record.rows.values()) + found.record.left_out == len(rows)


def test_of_a_group_that_reaches_over_a_border_the_later_or_the_earlier_rows_stay() -> None:
    table = distinct(10, day=DAYS, customer=["ann" if day in (3, 10) else str(day) for day in range(1, 11)])
    later, earlier = (split(table, time="day", group="customer", keep=keep).names for keep in ("later", "earlier"))
    assert (later[2], later[9]) == ("", "test")
    assert (earlier[2], earlier[9]) == ("train", "")


def test_given_borders_are_kept() -> None:
    borders = {"dev": "2025-01-03", "test": "2025-01-04T12:00:00+09:00"}
    names = split(distinct(10, day=DAYS), time="day", borders=borders).names
    assert names == ["train"] * 2 + ["dev"] * 2 + ["test"] * 6


# What cannot be -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"shares": {"train": 0.5, "test": 0.4}}, "cannot be"),
        ({"shares": {"train": 1.5, "test": -0.5}}, "cannot be"),
        ({"shares": {}}, "cannot be"),
        ({"group": "custmer"}, "no column 'custmer'"),
        ({"time": "text"}, "not one of times"),
        ({"time": "day", "stratify": ["language"]}, "in strata"),
        ({"borders": {"dev": "2025-01-03", "test": "2025-01-05"}}, "do not fit"),
        ({"time": "day", "borders": {"test": "2025-01-05"}}, "do not fit"),
        ({"time": "day", "borders": {"dev": "soon", "test": "later"}}, "no time"),
        ({"time": "day", "borders": {"dev": "2025-01-05", "test": "2025-01-03"}}, "order of time"),
        ({"time": "gap"}, "1 rows have no 'gap'"),
        ({"near": 0.2}, "similarity"),
    ],
)
def test_rules_that_cannot_be_are_refused(rules: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        split(distinct(10, day=DAYS, customer=DAYS, gap=[None, *DAYS[1:]]), **rules)

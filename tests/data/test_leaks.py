from __future__ import annotations

import random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.data.duplicates import digest_texts, similarity_of
from dragoman.data.splits import check_splits
from dragoman.errors import InvalidInput

SENTENCES = st.lists(st.sampled_from(["order", "parcel", "refund", "cancel", "invoice"]), max_size=4).map(" ".join)
NAMES = st.sampled_from(["train", "dev", "test", "", None])


def check(texts: list[str], splits: list[str | None], **how: Any) -> Any:
    columns = {name: how.pop(name) for name in ("customer", "pair", "day") if name in how}
    table = pa.table({"text": texts, "split": pa.array(splits, pa.string()), **columns})
    return check_splits(table, **how)


@settings(max_examples=60)
@given(st.lists(st.tuples(SENTENCES, NAMES), max_size=20))
def test_leaking_rows_are_those_of_the_definition(rows: list[tuple[str, str | None]]) -> None:
    texts, splits = [text for text, _ in rows], [name for _, name in rows]
    digests = digest_texts(texts)
    exact, near = set(), set()
    for one, (text, split) in enumerate(rows):
        for other, (second, name) in enumerate(rows):
            if split and name and split != name:
                if digests[one] == digests[other]:
                    exact.add(one)
                elif similarity_of(text, second) >= 0.9:
                    near.add(one)
    assert check(texts, splits, near=0.9).leaking == {"exact": len(exact), "near": len(near)}


@settings(max_examples=30)
@given(st.lists(st.tuples(SENTENCES, NAMES), max_size=15), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[tuple[str, str | None]], chance: random.Random) -> None:
    mixed = chance.sample(rows, len(rows))
    first, second = (check([text for text, _ in one], [name for _, name in one]) for one in (rows, mixed))
    assert (first.rows, first.leaking, first.checksums) == (second.rows, second.leaking, second.checksums)


def test_a_leak_says_which_rows_in_which_splits() -> None:
    texts = ["where is my parcel today", "Where is my parcel today?", "where is my parcels today", "refund"]
    found = check(texts, ["train", "test", "dev", "dev"])
    assert found.rows == {"train": 1, "dev": 2, "test": 1}
    assert found.leaking == {"exact": 2, "near": 3}
    exact, near = found.examples
    assert (exact.kind, exact.first, exact.second, exact.splits) == ("exact", "0", "1", ["train", "test"])
    assert (near.kind, near.second, near.splits[1]) == ("near", "2", "dev")
    assert near.similarity == similarity_of(texts[0], texts[2])


def test_groups_and_translations_leak() -> None:
    found = check(
        ["eins", "two", "trois", "cuatro"],
        ["train", "train", "test", "test"],
        customer=["ann", "bob", "ann", None],
        pair=["1", "2", "3", "2"],
        group="customer",
        parallel="pair",
    )
    assert found.leaking == {"exact": 0, "near": 0, "group": 2, "parallel": 2}
    assert [(leak.kind, leak.value) for leak in found.examples] == [("group", "ann"), ("parallel", "2")]


def test_a_row_leaks_in_time_if_a_later_split_has_begun() -> None:
    days = ["2025-01-01", "2025-01-05", "2025-01-03", "2025-01-03", "2025-01-09"]
    found = check(list("abcde"), ["train", "train", "train", "dev", "test"], day=days, time="day")
    assert found.leaking["time"] == 2
    assert [(leak.first, leak.second, leak.value) for leak in found.examples] == [
        ("1", "3", "2025-01-05 2025-01-03"),
        ("2", "3", "2025-01-03"),
    ]


def test_rows_are_named_by_their_key() -> None:
    table = pa.table({"id": ["a", "b"], "text": ["refund", "refund"], "split": ["train", "test"]})
    assert check_splits(table).examples[0].first == "a"


def test_rows_without_a_split_leak_nothing() -> None:
    assert check(["refund", "refund", "refund"], ["train", "", None]).is_clean


@pytest.mark.parametrize("how", [{"split": "part"}, {"text": "body"}, {"group": "customer"}, {"time": "day"}])
def test_a_column_that_is_not_there_is_refused(how: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="There is no column"):
        check(["a"], ["train"], **how)


def test_a_column_that_names_no_splits_is_refused() -> None:
    with pytest.raises(InvalidInput, match="100 different splits"):
        check([str(number) for number in range(100)], [str(number) for number in range(100)])

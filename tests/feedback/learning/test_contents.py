from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from dragoman.feedback.learning.contents import key_of_features, keys_of_texts, split_of


def test_texts_that_readers_take_for_the_same_have_one_key() -> None:
    keys = keys_of_texts(["Where is  my parcel?", "WHERE IS MY PARCEL", "where is my parcels"])
    assert keys[0] == keys[1] != keys[2]


@given(st.lists(st.text(max_size=8), max_size=6))
def test_a_key_does_not_depend_on_the_other_texts(texts: list[str]) -> None:
    assert keys_of_texts(texts) == [keys_of_texts([text])[0] for text in texts]


def test_rows_are_the_same_whatever_their_order_their_gaps_and_their_kind_of_number() -> None:
    assert key_of_features({"a": 1, "b": "x"}) == key_of_features({"b": "x", "a": 1.0, "c": None})
    assert key_of_features({"a": True}) != key_of_features({"a": 1})


def test_four_fifths_of_the_keys_train() -> None:
    splits = Counter(split_of(key) for key in keys_of_texts([f"text {number}" for number in range(20_000)]))
    assert abs(splits["train"] - 16_000) < 250
    assert abs(splits["dev"] - 2_000) < 200


def test_a_split_is_the_same_for_ever() -> None:
    keys = keys_of_texts([f"text {number}" for number in range(3, 7)])
    assert [split_of(key) for key in keys] == ["dev", "test", "dev", "train"]

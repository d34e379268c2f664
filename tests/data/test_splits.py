from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.data.splits import assign_splits, find_leaks
from dragoman.errors import InvalidInput
from dragoman.text.normalization import fold

WORDS = ("where", "is", "my", "order", "parcel", "cancel", "please", "now", "my", "refund")
SENTENCES = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join) | st.text(max_size=8)
ROWS = st.lists(st.tuples(SENTENCES, st.sampled_from(["en", "de"])), max_size=25)


def similarity(one: str, other: str) -> float:
    """The definition, slowly: Jaccard similarity of the trigrams of the folded texts."""
    first, second = (
        {padded[at : at + 3] for at in range(len(padded) - 2)} for padded in (f" {fold(one)} ", f" {fold(other)} ")
    )
    return len(first & second) / len(first | second) if first | second else 1.0


def near_by_definition(rows: list[tuple[str, str]], threshold: float) -> set[tuple[int, int]]:
    return {
        (i, j)
        for j, (text, group) in enumerate(rows)
        for i, (other, other_group) in enumerate(rows[:j])
        if group == other_group and similarity(text, other) >= threshold
    }


def split_rows(rows: list[tuple[str, str]], *, seed: str = "s") -> list[str]:
    return assign_splits([text for text, _ in rows], [group for _, group in rows], dev=0.3, test=0.3, seed=seed)


@given(ROWS, st.integers(0, 5))
def test_a_near_duplicate_never_crosses_splits(rows: list[tuple[str, str]], seed: int) -> None:
    splits = split_rows(rows, seed=str(seed))
    assert not [(i, j) for i, j in near_by_definition(rows, 0.6) if splits[i] != splits[j]]
    assert find_leaks([text for text, _ in rows], [group for _, group in rows], splits) == []


@given(ROWS, st.sampled_from([0.25, 0.5, 0.6, 2 / 3, 0.9, 1.0]), st.randoms(use_true_random=False))
def test_leaks_are_exactly_the_near_pairs_across_splits(
    rows: list[tuple[str, str]], threshold: float, chance: random.Random
) -> None:
    splits = [chance.choice(["train", "test"]) for _ in rows]
    expected = {(i, j) for i, j in near_by_definition(rows, threshold) if splits[i] != splits[j]}
    found = find_leaks([text for text, _ in rows], [group for _, group in rows], splits, threshold=threshold)
    assert found == sorted(expected)


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[tuple[str, str]], chance: random.Random) -> None:
    order = chance.sample(range(len(rows)), len(rows))
    splits = split_rows(rows)
    assert split_rows([rows[index] for index in order]) == [splits[index] for index in order]


def test_rows_added_elsewhere_move_nothing() -> None:
    rows = [(f"question number {'abcdefghij'[number % 10] * 5} {number:04x}", "en") for number in range(200)]
    added = [("etwas ganz anderes", "de"), ("qwertzuiop yxcvbnm", "en")]
    assert split_rows(rows + added)[: len(rows)] == split_rows(rows)


@pytest.mark.parametrize(
    "twin", ["WHERE is my order??", "ｗｈｅｒｅ is my order", "where is my order 😀", "where is my orders"]
)
def test_what_differs_in_case_width_or_a_letter_is_a_duplicate(twin: str) -> None:
    leaks = find_leaks(["where is my order", twin], ["en", "en"], ["train", "test"])
    assert leaks == [(0, 1)]


def test_the_same_text_in_two_languages_is_no_leak() -> None:
    assert find_leaks(["ok", "ok"], ["en", "de"], ["train", "test"]) == []


@pytest.mark.parametrize("text", ["", "?!", "😀"])
def test_texts_without_letters_are_all_the_same(text: str) -> None:
    assert find_leaks(["...", text], ["en", "en"], ["train", "test"]) == [(0, 1)]


def test_the_shares_are_about_those_asked_for() -> None:
    texts = [chr(0x4E00 + number) * 4 for number in range(4_000)]
    counts = Counter(assign_splits(texts, ["zh"] * len(texts), dev=0.1, test=0.2, seed="s"))
    assert 300 < counts["dev"] < 500
    assert 700 < counts["test"] < 900


def test_the_split_of_a_text_stays_the_same_between_releases() -> None:
    texts = ["where is my order", "I want my money back", "cancel this", "it is broken", "talk to a human", "refund"]
    splits = assign_splits(texts, ["en"] * len(texts), dev=0.2, test=0.4, seed="support")
    assert splits == ["train", "test", "dev", "test", "dev", "test"]


@pytest.mark.parametrize(("dev", "test"), [(-0.1, 0.2), (0.2, -0.1), (0.6, 0.6), (float("nan"), 0.1)])
def test_impossible_shares_are_refused(dev: float, test: float) -> None:
    with pytest.raises(InvalidInput, match="cannot be"):
        assign_splits(["a"], ["en"], dev=dev, test=test, seed="s")


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1.1])
def test_an_impossible_threshold_is_refused(threshold: float) -> None:
    with pytest.raises(InvalidInput, match="threshold"):
        find_leaks(["a"], ["en"], ["train"], threshold=threshold)

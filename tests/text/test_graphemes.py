from __future__ import annotations

import re

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from dragoman.text.graphemes import Graphemes

SCRIPTS = (
    "abcé, e\u0301\u0323",
    "ประเทศไทยน้ำที่ำ",
    "ລາວນ້ຳ",
    ("भ", "ा", "क्", "ष", "त्र", "ि", "य", "\u093c"),
    "العَرَبِيَّةُ",
    "각\u1100\u1161\u11a8\u1112\u1161\u11ab한국가",
    "👩\u200d👧🏽❤\ufe0f🇩🇪🇫",
    "日本語が\u3099カﾞｗｏ",
    ("ខ", "ខ្", "ម", "ែ", "រ"),
)
words = st.sampled_from(SCRIPTS).flatmap(lambda parts: st.lists(st.sampled_from(parts), max_size=8)).map("".join)
texts = st.lists(words).map("".join)


@given(texts)
def test_clusters_are_those_of_the_annex(text: str) -> None:
    letters = re.sub(r"\s+", "", text)  # nothing is joined to white space, other than in the annex
    assert list(Graphemes(letters).borders) == [0, *(one.end() for one in regex.finditer(r"\X", letters))]


@pytest.mark.parametrize(
    "char", ["မြ", "က\u102c", "கோ", "ที่", "न\u094d", "ی\u200c", "é", "e\u0301", "🇩🇪", "❤\ufe0f", "ｶﾞ"]
)
def test_one_character_to_a_reader_is_one_cluster(char: str) -> None:
    graphemes = Graphemes(f"{char}x")
    assert list(graphemes.borders) == [0, len(char), len(char) + 1]
    assert graphemes.widen(len(char) - 1, len(char)) == (0, len(char))


def test_a_vowel_of_burmese_does_not_begin_a_cluster() -> None:
    assert list(Graphemes("မာ").borders) == [0, 2]


def test_nothing_is_joined_to_white_space() -> None:
    assert list(Graphemes("a \u0301b").borders) == [0, 1, 2, 3, 4]


@given(texts.map(lambda text: f" {text}\u200b "), st.data())
def test_a_tidy_span_has_whole_clusters_and_no_blank_edges(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    first, last = Graphemes(text).tidy(start, end)
    span = text[first:last]
    assert {first, last} <= {*Graphemes(text).borders} or first == last
    assert span.strip(" \u200b") == span
    assert span or not text[start:end].strip(" \u200b")

from __future__ import annotations

import unicodedata

from bench.drift.corruptions import capitals, misread, replaced, romanised, truncated, unmarked
from hypothesis import given
from hypothesis import strategies as st

from dragoman.text.script import script_of

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(TEXTS)
def test_a_misread_text_can_be_read_again(text):
    assert misread(text).encode("latin-1").decode() == text


@given(st.text(st.characters(max_codepoint=127), max_size=40))
def test_ascii_arrives_as_it_was(text):
    assert misread(text) == replaced(text) == text


def test_a_misread_accent_becomes_two_letters():
    assert misread("été") == "Ã©tÃ©"


def test_what_latin_1_lacks_becomes_a_question_mark_and_its_accents_the_replacement_character():
    assert replaced("où? Да") == "o\N{REPLACEMENT CHARACTER}? ??"


@given(TEXTS)
def test_a_truncated_text_is_the_beginning_of_the_whole_one(text):
    assert text.startswith(truncated(text))
    assert 1 <= len(truncated(text)) <= max(1, round(0.3 * len(text)))


@given(TEXTS)
def test_a_text_without_marks_has_none(text):
    assert not any(unicodedata.combining(letter) for letter in unmarked(text))


def test_marks_are_dropped_and_letters_stay():
    assert unmarked("Tiếng Việt, čeština, 한국어") == "Tieng Viet, cestina, 한국어"


def test_serbian_changes_its_script_letter_by_letter():
    assert romanised("Ђорђе једе џем у Љигу") == "Đorđe jede džem u Ljigu"
    assert script_of(romanised("Сви људи рађају се слободни")) == "Latn"


def test_capitals_are_longer_where_a_letter_has_two():
    assert capitals("Straße") == "STRASSE"

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.text.grams import hash_grams


def grams_of(text: str) -> list[int]:
    return hash_grams(text, buckets=2**16).tolist()


def test_a_word_has_one_to_four_grams_with_a_space_around_it() -> None:
    # "ab" → a b | " a" "ab" "b " | " ab" "ab " | " ab "
    assert len(grams_of("ab")) == 2 + 3 + 2 + 1


@pytest.mark.parametrize("text", ["", " ", "123", "😀!?", "\u200d", "٣٤٥"])
def test_a_text_without_letters_has_no_grams(text: str) -> None:
    assert grams_of(text) == []


@pytest.mark.parametrize("other", ["HELLO, World!", "ｈｅｌｌｏ　ｗｏｒｌｄ", "hello 12 world 3", "  hello\nworld "])
def test_case_width_digits_and_punctuation_do_not_matter(other: str) -> None:
    assert grams_of(other) == grams_of("hello world")


def test_the_normal_form_does_not_matter() -> None:
    text = "où est mon colis, déjà réexpédié à Đà Nẵng, 국민"
    assert grams_of(unicodedata.normalize("NFD", text)) == grams_of(unicodedata.normalize("NFC", text))


@given(st.text(max_size=40), st.integers(1, 16))
def test_every_gram_lies_in_a_bucket(text: str, bits: int) -> None:
    grams = hash_grams(text, buckets=2**bits)
    assert grams.dtype == np.int64
    assert ((grams >= 0) & (grams < 2**bits)).all()


def test_different_grams_spread_over_the_buckets() -> None:
    text = "".join(chr(0x4E00 + number) for number in range(500))
    assert len(set(grams_of(text))) > 0.95 * len(grams_of(text))


def test_the_hashes_are_those_that_stored_detectors_were_fitted_with() -> None:
    golden = [32235, 62, 29229, 30692, 32254, 31882, 11768, 16942]
    assert hash_grams("né", buckets=2**15).tolist() == golden

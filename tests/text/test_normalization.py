from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dragoman.text.normalization import drop_diacritics, find_lone_surrogate, fold

PECULIAR = "ßİıŉǰΐΰᾳῃῳᾴﬁﬀſẞΣςǅÅ\u0345\u0301\u0308\u0323\u0307\u0338 =<\u200d"


@given(st.text() | st.text(alphabet=PECULIAR, max_size=6))
@example("ß\u0301")
@example("ᾳ\u0308")
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text() | st.text(alphabet=PECULIAR, max_size=6), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_every_normal_form_has_the_same_fold(text: str, form: str) -> None:
    assert fold(unicodedata.normalize(form, text)) == fold(text)


@given(st.text())
def test_a_fold_has_letters_marks_and_digits_with_single_spaces(text: str) -> None:
    folded = fold(text)
    assert all(char == " " or unicodedata.category(char)[0] in "LMN" for char in folded)
    assert folded == " ".join(folded.split())


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("  Hello,   WORLD!! 😀", "hello world"),
        ("ＡＢＣ　１２３", "abc 123"),
        ("Straße", "strasse"),
        ("ﾊﾝｶｸ", "ハンカク"),
        ("cafe\u0301", "café"),
        ("می‌خواهم", "می خواهم"),
        ("👍🏽", ""),
        ("", ""),
    ],
)
def test_folding_drops_case_width_and_punctuation(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "plain"), [("où déjà", "ou deja"), ("Đà Nẵng", "Đa Nang"), ("हिन्दी", "हिन्दी"), ("ελληνικά", "ελληνικα")]
)
def test_only_scripts_with_accents_lose_marks(text: str, plain: str) -> None:
    assert drop_diacritics(text) == plain


@pytest.mark.parametrize(("text", "position"), [("", -1), ("a😀", -1), ("ab\ud800", 2), ("\udfff", 0)])
def test_a_lone_surrogate_is_found(text: str, position: int) -> None:
    assert find_lone_surrogate(text) == position

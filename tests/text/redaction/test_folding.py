from __future__ import annotations

import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from dragoman.text.redaction.folding import IGNORED, fold_digits, fold_text


def test_every_decimal_digit_of_unicode_is_folded():
    digits = [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isdecimal()]
    assert len(digits) > 600
    assert fold_text("".join(digits)).text == "".join(str(unicodedata.decimal(digit)) for digit in digits)


def test_dashes_spaces_and_full_width_forms_are_folded():
    assert fold_text("ＡＢ＠ｃ．ｄ＋／＿ 1\u20132\u22123\xa04\u202f5\t6").text == "AB@c.d+/_ 1-2-3 4 5 6"


def test_what_nobody_sees_is_dropped_and_the_way_back_is_known():
    folded = fold_text("\u200fa\u200b1\u20602\u2060b")
    assert folded.text == "a12b"
    assert folded.span(1, 3) == (3, 6)


@given(text=st.text(), start=st.integers(0, 50), length=st.integers(1, 50))
def test_a_place_in_the_folded_text_is_the_same_place_in_the_text(text, start, length):
    folded = fold_text(text)
    end = min(len(folded.text), start + length)
    if start < end:
        first, last = folded.span(start, end)
        assert fold_text(text[first:last]).text == folded.text[start:end]
        assert not IGNORED.match(text[first])
        assert not IGNORED.match(text[last - 1])


@given(st.text())
def test_folding_twice_is_folding_once(text):
    assert fold_digits(fold_digits(text)) == fold_digits(text)

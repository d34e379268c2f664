from __future__ import annotations

from typing import Any

import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st

from dragoman.errors import InvalidRequest, TextTooLong
from dragoman.serving.tasks.base import TextParameters
from dragoman.serving.tasks.cutter import Cutter
from dragoman.spec import ServingSpec

SPECIALS = 2


def cutter(too_long: Any = "truncate", stride: int | None = None, *, room: int = 10) -> Cutter:
    asked = TextParameters(too_long=too_long, stride=stride)
    return Cutter.of(asked, ServingSpec(stride=4), max_tokens=room + SPECIALS)


def test_a_text_that_fits_is_read_whole_whatever_was_asked() -> None:
    assert [cutter(choice).cut("Text 0", 10, room=10) for choice in ("truncate", "refuse", "windows")] == [
        [range(10)]
    ] * 3


def test_a_long_text_is_cut_or_read_in_windows() -> None:
    assert cutter("truncate").cut("Text 0", 15, room=10) == [range(10)]
    assert cutter("windows").cut("Text 0", 15, room=10) == [range(10), range(6, 15)]
    assert cutter("windows", 0).cut("Text 0", 15, room=10) == [range(10), range(10, 15)]


def test_a_long_text_is_refused_with_its_tokens_and_the_limit() -> None:
    with pytest.raises(TextTooLong, match=r"^Text 3 has 17 tokens; the model accepts 12\.") as caught:
        cutter("refuse").cut("Text 3", 15, room=10)
    assert "windows" in caught.value.help


def test_a_stride_of_more_than_half_a_window_is_refused_if_asked_and_cut_if_from_the_spec() -> None:
    with pytest.raises(InvalidRequest, match="The stride is 6, and a window holds 10 tokens") as caught:
        cutter("windows", 6).cut("Text 0", 15, room=10)
    assert caught.value.help == "give a stride from 0 to 5."
    assert cutter("windows").cut("Text 0", 6, room=4) == [range(4), range(2, 6)]


def test_a_text_without_tokens_and_special_tokens_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"Text 1 has no tokens"):
        cutter().cut("Text 1", 0, room=12)
    assert cutter().cut("Text 1", 0, room=10) == [range(0)]


@given(text=st.integers(0, 60), other=st.integers(0, 60), room=st.integers(4, 40), is_first=st.booleans())
def test_a_truncated_pair_keeps_what_the_library_keeps(text: int, other: int, room: int, *, is_first: bool) -> None:
    library = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0}, unk_token="a"))
    library.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    library.enable_truncation(room, strategy="longest_first")
    both = (text, other) if is_first else (other, text)
    kept = library.encode(*("a " * count for count in both)).sequence_ids
    parts, kept_of_other, truncated = cutter(room=room).cut_pair("x", text, other, room=room, is_first=is_first)
    assert (len(parts[0]), kept_of_other) == (kept.count(0 if is_first else 1), kept.count(1 if is_first else 0))
    assert truncated is (text + other > room)


@given(text=st.integers(0, 90), other=st.integers(0, 60), room=st.integers(4, 40))
def test_windows_of_a_pair_fit_beside_at_least_half_of_the_other(text: int, other: int, room: int) -> None:
    parts, kept, truncated = cutter("windows").cut_pair("x", text, other, room=room, is_first=True)
    assert sorted({place for part in parts for place in part}) == list(range(text))
    assert all(len(part) + kept <= room for part in parts)
    assert kept >= min(other, room // 2)
    assert truncated is (kept < other)


def test_a_pair_that_is_too_long_together_is_refused() -> None:
    with pytest.raises(TextTooLong, match=r"^Text 0 with its pair has 17 tokens; the model accepts 12\."):
        cutter("refuse").cut_pair("Text 0 with its pair", 8, 7, room=10, is_first=True)

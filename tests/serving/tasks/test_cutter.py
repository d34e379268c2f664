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


def cutter(
    too_long: Any = "truncate", stride: int | None = None, *, room: int = 10, truncate_from: Any = None
) -> Cutter:
    asked = TextParameters(too_long=too_long, stride=stride, truncate_from=truncate_from)
    return Cutter.of(asked, ServingSpec(stride=4), max_tokens=room + SPECIALS)


def test_a_text_that_fits_is_read_whole_whatever_was_asked() -> None:
    assert [cutter(choice).cut("Text 0", 10, room=10) for choice in ("truncate", "refuse", "windows")] == [
        [range(10)]
    ] * 3


def test_a_long_text_is_cut_or_read_in_windows() -> None:
    assert cutter("truncate").cut("Text 0", 15, room=10) == [range(10)]
    assert cutter("windows").cut("Text 0", 15, room=10) == [range(10), range(6, 15)]
    assert cutter("windows", 0).cut("Text 0", 15, room=10) == [range(10), range(10, 15)]


def test_a_text_that_is_cut_at_its_start_keeps_its_last_tokens() -> None:
    assert cutter(truncate_from="start").cut("Text 0", 15, room=10) == [range(5, 15)]
    assert cutter(truncate_from="start").cut("Text 0", 7, room=10) == [range(7)]
    assert cutter(truncate_from="end").cut("Text 0", 15, room=10) == cutter().cut("Text 0", 15, room=10)


@pytest.mark.parametrize("too_long", ["refuse", "windows"])
def test_the_end_to_cut_is_refused_where_nothing_is_cut(too_long: Any) -> None:
    with pytest.raises(InvalidRequest, match=f"'truncate_from' is 'start'; with too_long '{too_long}' no") as caught:
        cutter(too_long, truncate_from="start")
    assert caught.value.help == 'ask for too_long "truncate", or leave truncate_from out.'


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


@given(
    lengths=st.tuples(st.integers(0, 60), st.integers(0, 60)),
    room=st.integers(4, 40),
    is_first=st.booleans(),
    side=st.sampled_from([("right", "end"), ("left", "start")]),
)
def test_a_truncated_pair_keeps_what_the_library_keeps(
    lengths: tuple[int, int], room: int, side: tuple[str, str], *, is_first: bool
) -> None:
    library = tokenizers.Tokenizer(tokenizers.models.WordLevel({str(id): id for id in range(60)}, unk_token="0"))
    library.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    library.enable_truncation(room, strategy="longest_first", direction=side[0])
    text, other = lengths if is_first else lengths[::-1]
    kept = library.encode(*(" ".join(map(str, range(count))) for count in lengths)).ids
    cut = cutter(room=room, truncate_from=side[1]).cut_pair("x", text, other, room=room, is_first=is_first)
    (part,) = cut.parts
    assert kept == ([*part, *cut.kept] if is_first else [*cut.kept, *part])
    assert cut.truncated is (text + other > room)


@given(text=st.integers(0, 90), other=st.integers(0, 60), room=st.integers(4, 40))
def test_windows_of_a_pair_fit_beside_at_least_half_of_the_other(text: int, other: int, room: int) -> None:
    parts, kept, truncated = cutter("windows").cut_pair("x", text, other, room=room, is_first=True)
    assert sorted({place for part in parts for place in part}) == list(range(text))
    assert all(len(part) + len(kept) <= room for part in parts)
    assert len(kept) >= min(other, room // 2)
    assert truncated is (kept != range(other))


def test_a_pair_that_is_too_long_together_is_refused() -> None:
    with pytest.raises(TextTooLong, match=r"^Text 0 with its pair has 17 tokens; the model accepts 12\."):
        cutter("refuse").cut_pair("Text 0 with its pair", 8, 7, room=10, is_first=True)

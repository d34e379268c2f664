from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.errors import InvalidRequest
from dragoman.text.windows import covers, owned, shares, windows

CUTS = st.tuples(st.integers(0, 200), st.integers(1, 40)).flatmap(
    lambda pair: st.tuples(st.just(pair[0]), st.just(pair[1]), st.integers(0, pair[1] - 1))
)


def distance_to_edge(place: int, part: range, length: int) -> float:
    """Tokens between a token and the nearest edge of a window; the text's own ends are no edges."""
    before = place - part.start if part.start else np.inf
    after = part.stop - 1 - place if part.stop < length else np.inf
    return min(before, after)


@given(CUTS)
def test_windows_cover_every_token_and_neighbours_share_the_stride(cut: tuple[int, int, int]) -> None:
    length, size, stride = cut
    parts = windows(length, size=size, stride=stride)
    assert sorted({place for part in parts for place in part}) == list(range(length))
    assert all(len(part) == size for part in parts[:-1])
    assert len(parts[-1]) <= size
    assert all(before.stop - after.start == stride for before, after in pairwise(parts))
    assert all(after.stop > before.stop for before, after in pairwise(parts))


def test_a_text_that_fits_has_one_window() -> None:
    assert windows(4, size=4, stride=3) == [range(4)]
    assert windows(0, size=4, stride=3) == [range(0)]


def test_windows_are_those_of_doc_stride() -> None:
    assert windows(10, size=4, stride=1) == [range(4), range(3, 7), range(6, 10)]
    assert windows(11, size=4, stride=1) == [range(4), range(3, 7), range(6, 10), range(9, 11)]


def test_windows_cover_a_text_unless_an_end_was_cut_off() -> None:
    assert covers(windows(11, size=4, stride=1), 11)
    assert covers([range(0)], 0)
    assert not covers([range(4)], 5)
    assert not covers([range(1, 5)], 5)


@pytest.mark.parametrize(("size", "stride"), [(4, 4), (4, 5), (4, -1), (0, 0), (-3, 0)])
def test_windows_that_would_not_move_on_are_refused(size: int, stride: int) -> None:
    with pytest.raises(InvalidRequest, match=rf"The stride is {stride}, and a window holds {size} tokens"):
        windows(10, size=size, stride=stride)


@given(CUTS)
@settings(max_examples=150, deadline=None)
def test_each_token_is_owned_by_the_window_where_it_is_most_central(cut: tuple[int, int, int]) -> None:
    length, size, stride = cut
    parts = windows(length, size=size, stride=stride)
    mine = owned(parts)
    assert [place for part in mine for place in part] == list(range(length))
    for part, tokens in zip(parts, mine, strict=True):
        for place in tokens:
            best = max(distance_to_edge(place, other, length) for other in parts if place in other)
            assert distance_to_edge(place, part, length) == best


@given(CUTS)
def test_shares_sum_to_one_and_follow_the_owned_tokens(cut: tuple[int, int, int]) -> None:
    length, size, stride = cut
    parts = windows(length, size=size, stride=stride)
    assert shares(parts).sum() == pytest.approx(1.0)
    assert shares(parts) * max(length, 1) == pytest.approx([len(part) or 1 for part in owned(parts)])

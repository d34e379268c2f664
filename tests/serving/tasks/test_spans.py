from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dragoman.serving.tasks.spans import TokenSpan, best_span

shares = st.integers(0, 4).map(lambda share: share / 4)


@given(st.lists(st.tuples(shares, shares, st.booleans()), min_size=1, max_size=8), st.integers(1, 9))
def test_the_best_span_is_the_best_of_all_that_hold_text(tokens: list[tuple[float, float, bool]], longest: int) -> None:
    starts, ends, has_text = zip(*tokens, strict=True)
    spans = [
        TokenSpan(first, last, starts[first] * ends[last])
        for first in range(len(tokens))
        for last in range(first, min(first + longest, len(tokens)))
        if any(has_text[first : last + 1])
    ]
    expected = min(spans, key=lambda one: (-one.score, one.first, one.last), default=None)
    assert best_span(np.array(starts), np.array(ends), longest=longest, has_text=has_text) == expected


def test_no_tokens_have_no_span() -> None:
    assert best_span(np.zeros(0), np.zeros(0), longest=3, has_text=[]) is None

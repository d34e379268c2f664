from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dragoman.serving.tasks.offsets import in_unit


@given(st.text(st.characters(exclude_categories=["Cs"])), st.data())
def test_positions_count_what_comes_before_in_each_encoding(text: str, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(text)))
    before = text[:position]
    assert in_unit(text, "codepoint")(position) == position
    assert in_unit(text, "utf16")(position) == len(before.encode("utf-16-le")) // 2
    assert in_unit(text, "byte")(position) == len(before.encode())

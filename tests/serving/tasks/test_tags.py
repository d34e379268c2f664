from __future__ import annotations

import pytest

from dragoman.serving.tasks.tags import Tag, read_tags


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["O", "B-PER", "I-PER"], [Tag(""), Tag("PER", begins=True), Tag("PER")]),
        (["o", "I-PER", "B-PER"], [Tag(""), Tag("PER"), Tag("PER", begins=True)]),
        (["O", "PER", "LOC"], [Tag(""), Tag("PER"), Tag("LOC")]),
        (["B-X", "E-X", "S-X"], [Tag("X", begins=True), Tag("X", ends=True), Tag("X", begins=True, ends=True)]),
        (["B-X", "L-X", "U-X"], [Tag("X", begins=True), Tag("X", ends=True), Tag("X", begins=True, ends=True)]),
        (["B-X-1", "I-X-1"], [Tag("X-1", begins=True), Tag("X-1")]),
    ],
)
def test_a_label_says_where_a_token_stands_and_in_what(labels: list[str], expected: list[Tag]) -> None:
    assert read_tags(labels) == expected


def test_a_kind_that_looks_like_a_prefix_stays_whole() -> None:
    assert [tag.kind for tag in read_tags(["O", "E-MAIL", "S-BAHN", "B-", "-", "B-PER"])] == [
        *("", "E-MAIL", "S-BAHN", "B-", "-", "PER")
    ]

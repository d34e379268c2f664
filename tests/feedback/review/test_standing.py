from __future__ import annotations

import pytest

from dragoman.feedback.review.standing import Standing, standing_of

OPEN, CONTESTED = Standing(is_done=False), Standing(is_done=True)


def done(label):
    return Standing(is_done=True, label=label)


@pytest.mark.parametrize(
    ("wanted", "labels", "standing"),
    [
        (1, "", OPEN),
        (1, "a", done("a")),
        (2, "a", OPEN),
        (2, "aa", done("a")),
        (2, "ab", OPEN),
        (2, "aba", done("a")),
        (2, "abb", done("b")),
        (2, "abc", CONTESTED),
    ],
)
def test_answers_come_to_a_label(wanted, labels, standing):
    assert standing_of(wanted, labels) == standing


@pytest.mark.parametrize(("labels", "standing"), [("", OPEN), ("a", done("a")), ("ab", CONTESTED), ("aba", done("a"))])
def test_the_last_answers_must_do(labels, standing):
    assert standing_of(2, labels, is_last=True) == standing

from __future__ import annotations

import pytest

from dragoman.feedback.given import Given, Unread
from dragoman.feedback.label_lines import read_label_lines


def read(*lines: str) -> list[Given | Unread]:
    return list(read_label_lines([line.encode() for line in lines]))


def test_a_line_has_all_that_is_known_of_a_label():
    line = (
        '{"prediction_id": "p", "label": "a", "source": "form", "time": "2026-03-01T12:00:00+02:00", "labeler": "ana"}'
    )
    assert read(line) == [Given("line 1", "p", "a", "form", "2026-03-01T10:00:00.000+00:00", "ana")]


def test_what_a_line_leaves_out_is_empty_and_empty_lines_are_passed_over():
    assert read('{"prediction_id": "p", "label": "a"}\n', "\n", '{"prediction_id": "q", "label": 1.5}') == [
        Given("line 1", "p", "a"),
        Given("line 3", "q", "1.5"),
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "truncated"),
        ('{"prediction_id": "p"}', "missing required field `label`"),
        ('{"prediction_id": "p", "label": true}', "$.label"),
        ('{"prediction_id": "p", "label": ""}', "$.label"),
        ('{"prediction_id": "p", "label": "a", "lable": "b"}', "`lable`"),
        ('{"prediction_id": "p", "label": "a", "time": "2026-03-01T12:00:00"}', "$.time"),
        ('["p", "a"]', "Expected `object`"),
    ],
)
def test_what_is_no_label_is_told_with_its_line(line, told):
    fine, bad = read('{"prediction_id": "p", "label": "a"}', line)
    assert isinstance(fine, Given)
    assert isinstance(bad, Unread)
    assert bad.place == "line 2"
    assert told in bad.text


def test_a_line_that_is_no_utf_8_is_told():
    (bad,) = read_label_lines([b'{"prediction_id": "p", "label": "\xff"}'])
    assert isinstance(bad, Unread)

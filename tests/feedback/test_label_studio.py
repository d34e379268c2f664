from __future__ import annotations

import json
from typing import Any

import pytest

from dragoman.errors import InvalidData
from dragoman.feedback.given import Given, Unread
from dragoman.feedback.label_studio import read_label_studio


def annotation(*choices: str, **fields: Any) -> dict[str, Any]:
    """As Label Studio writes it, with what nobody reads here."""
    result = {
        "id": "x1", "type": "choices", "from_name": "label", "to_name": "text", "value": {"choices": list(choices)}
    }  # fmt: skip
    given = {"id": 9, "completed_by": 1, "result": [result], "was_cancelled": False, "lead_time": 3.1}
    return {**given, "created_at": "2026-03-01T12:00:00.123456Z", **fields}


def task(*annotations: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"id": 7, "data": {"text": "…", "prediction_id": "p"}, "annotations": list(annotations), **fields}


def read(*tasks: Any) -> list[Given | Unread]:
    return list(read_label_studio(json.dumps(tasks).encode()))


def test_an_annotation_is_a_label_with_its_time_and_person():
    assert read(task(annotation("refund"))) == [
        Given("task 1 (id 7)", "p", "refund", time="2026-03-01T12:00:00.123+00:00", labeler="1")
    ]


def test_the_id_may_stand_in_the_meta():
    (found,) = read(task(annotation("a"), data={"text": "…"}, meta={"prediction_id": "q"}))
    assert found.prediction_id == "q"


def test_a_person_is_known_by_address_before_number():
    (found,) = read(task(annotation("a", completed_by={"id": 3, "email": "ana@example.com"})))
    assert found.labeler == "ana@example.com"


def test_each_annotation_of_a_task_is_a_label_and_cancelled_ones_are_none():
    found = read(task(annotation("a"), annotation("b", was_cancelled=True), annotation("c")), task(), task())
    assert [one.label for one in found] == ["a", "c"]


def test_a_number_is_a_label_too():
    number = {"type": "number", "value": {"number": 12.5}}
    (found,) = read(task(annotation(result=[number])))
    assert found.label == "12.5"


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        (task(annotation("a", "b")), "2 choices"),
        (task(annotation()), "0 choices"),
        (task(annotation("a"), data={}), "has no prediction_id"),
        (task(annotation("a"), data={"prediction_id": 5}), "has no prediction_id"),
        (task(annotation("a", created_at="today")), "of the time 'today'"),
        ({"prediction_id": "p", "label": "a"}, "has no annotations"),
        ("p", "is none of Label Studio"),
        (task(annotation(result=[{"type": "choices", "value": None}])), "0 choices"),
    ],
)
def test_what_is_wrong_is_told_by_task(odd, told):
    fine, bad = read(task(annotation("a")), odd)
    assert isinstance(fine, Given)
    assert isinstance(bad, Unread)
    assert bad.place.startswith("task 2")
    assert told in bad.text


def test_a_file_that_is_no_list_is_refused():
    with pytest.raises(InvalidData, match="no export of Label Studio"):
        list(read_label_studio(b'[{"id": 1}'))

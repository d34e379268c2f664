from __future__ import annotations

from pathlib import Path

import pytest
from tests.feedback.world import answer, write_answers
from tests.unreleased import registered

from dragoman.app import recent_traffic
from dragoman.app.recent_traffic import has_learned_labels, recent_cases
from dragoman.app.workspace import Workspace
from dragoman.data.datasets import ingest
from dragoman.records import Example, Run


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace on the day on which the answers of these tests end."""
    from tests.feedback.world import NOW

    monkeypatch.setattr(recent_traffic.clock, "utc", lambda: NOW)
    return registered(tmp_path)


def logged(place: Workspace, *rows, number: int = 1) -> list[tuple[str, str]]:
    write_answers(place.tables, rows, number=number)
    return [(case.language, case.input.text) for case in recent_cases(place, place.spec())]


def test_the_newest_texts_come_first_and_each_once(place):
    rows = [
        answer("a", text="old", days=9),
        answer("b", text="new", days=1),
        answer("c", text="old", days=2),
        answer("d", text="thai", language="th", days=3),
    ]
    assert logged(place, *rows) == [("de", "new"), ("de", "old"), ("th", "thai")]


@pytest.mark.parametrize(
    "fields",
    [{"mirrored": True}, {"error": "Overloaded"}, {"text": None}, {"days": 31.0}, {"model": "other"}],
)
def test_what_no_user_was_answered_lately_is_left_out(place, fields):
    assert logged(place, answer("a", **{"text": "refund please", "days": 1.0, **fields})) == []


def test_a_language_has_a_limited_number_of_texts(place, monkeypatch):
    monkeypatch.setattr(recent_traffic, "MOST_INPUTS", 2)
    rows = [answer(f"{number}", text=f"text {number}", days=number) for number in range(1, 5)]
    assert [text for _, text in logged(place, *rows)] == ["text 1", "text 2"]


def test_languages_that_have_enough_let_no_more_of_the_log_be_read(place, monkeypatch):
    monkeypatch.setattr(recent_traffic, "MOST_INPUTS", 1)
    write_answers(place.tables, [answer("a", text="older", days=5)])
    rows = [answer("b", text="one", days=1), answer("c", text="two", days=1, language="th")]
    assert logged(place, *rows, number=2) == [("de", "one"), ("th", "two")]


def test_columns_that_were_served_are_asked_again(place):
    write_answers(place.tables, [answer("a", text="refund", days=1, features={"plan": "gold"})])
    (case,) = recent_cases(place, place.spec())
    assert (case.input.features, case.input.language) == ({"plan": "gold"}, "de")


def test_without_a_log_there_are_no_cases(place):
    assert recent_cases(place, place.spec()) == []


def trained_on(place: Workspace, *ids: str) -> None:
    rows = [Example(id=id, text=f"text {id}", label="refund", language="de", split="train") for id in ids]
    dataset = ingest(rows, name="support", sources={}, tables=place.tables, catalog=place.catalog)
    run = Run(
        id="r", model="support", status="completed", spec={}, spec_digest="", dataset="support",
        dataset_number=dataset.number, dataset_digest=dataset.digest, code={}, environment={}, hardware={}, seed=0,
        started="2026-05-01T00:00:00Z",
    )  # fmt: skip
    place.catalog.save_run(run)


@pytest.mark.parametrize(("ids", "expected"), [(("1", "2"), False), (("1", "label:01KA"), True)])
def test_a_version_has_learned_labels_if_its_rows_have(place, ids, expected):
    trained_on(place, *ids)
    assert has_learned_labels(place, "support", 2) is expected


def test_a_version_whose_rows_nobody_knows_has_not(place):
    assert not has_learned_labels(place, "support", 2)

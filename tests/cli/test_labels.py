from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import Verb
from tests.feedback.world import answer, write_answers
from tests.watched import watched

from dragoman.app import Workspace
from dragoman.app.quality import Quality
from dragoman.errors import InvalidData, NotFound, WrongTask

VERB = Verb("labels")
output, told, error = VERB.output, VERB.told, VERB.error

LINES = [
    {"prediction_id": f"p{n}", "label": "invoice" if n % 10 == 0 else "refund", "source": "form"} for n in range(30)
]


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    """A workspace whose champion gave 30 answers 20 days ago, two thirds of them in Russian."""
    place = watched(tmp_path)
    at = datetime.now(UTC) - timedelta(days=20)
    rows = [answer(f"p{n}", language="ru" if n % 3 else "en", score=0.95 if n % 3 else 0.7) for n in range(30)]
    write_answers(place.tables, [_at(row, at + timedelta(minutes=n)) for n, row in enumerate(rows)])
    return place


def _at(row: Any, time: datetime) -> Any:
    return type(row)(**{**{name: getattr(row, name) for name in row.__struct_fields__}, "time": time.isoformat()})


def lines(*rows: dict[str, Any], days: float | None = None) -> str:
    time = {} if days is None else {"time": (datetime.now(UTC) - timedelta(days=days)).isoformat()}
    return "".join(f"{json.dumps(row | time)}\n" for row in rows)


# Add


def test_labels_are_kept_and_those_told_before_are_not_kept_again(place):
    first = told(place, "add", "support", "-", input=lines(*LINES))
    assert (first["given"], first["kept"], first["unknown"]) == (30, 30, 0)
    again = told(place, "add", "support", "-", input=lines(*LINES))
    assert (again["kept"], again["repeated"]) == (0, 30)
    assert len(place.tables.read("labels")) == 30


def test_who_added_labels_and_why_stands_in_the_audit_log(place):
    output(place, "add", "support", "-", "--reason", "March", input=lines(LINES[0]))
    (row,) = [row for row in place.catalog.audit_rows() if row.action == "labels.added"]
    assert (row.subject, row.detail["reason"]) == ("models:/support", "March")
    assert row.detail["sources"] == {"form": 1}


def test_a_file_that_says_nothing_new_leaves_no_trace_in_the_audit_log(place):
    for _ in range(2):
        output(place, "add", "support", "-", input=lines(LINES[0]))
    assert [row.action for row in place.catalog.audit_rows()].count("labels.added") == 1


def test_several_files_are_kept_together_and_an_export_is_known_by_its_shape(place, tmp_path):
    (tmp_path / "a.jsonl").write_text("\ufeff" + lines(*LINES[:2]))
    result = {"type": "choices", "value": {"choices": ["other"]}}
    task = {"id": 4, "data": {"prediction_id": "p5"}, "annotations": [{"completed_by": 2, "result": [result]}]}
    (tmp_path / "b.json").write_text(json.dumps([task], indent=1))
    output(place, "add", "support", tmp_path / "a.jsonl", tmp_path / "b.json")
    kept = {row["prediction_id"]: row for row in place.tables.read("labels").to_pylist()}
    assert set(kept) == {"p0", "p1", "p5"}
    assert (kept["p5"]["label"], kept["p5"]["source"], kept["p5"]["labeler"]) == ("other", "label-studio", "2")


def test_a_source_is_for_labels_that_name_none(place):
    output(
        place,
        "add",
        "support",
        "-",
        "--source",
        "team",
        input=lines(LINES[0], {"prediction_id": "p1", "label": "other"}),
    )
    assert set(place.tables.read("labels")["source"].to_pylist()) == {"form", "team"}


def test_nothing_is_kept_if_anything_is_wrong(place):
    bad = "\n" + lines(LINES[0], {"prediction_id": "p1", "label": "refnd"}) + "{\n"
    found = error(place, "add", "support", "-", input=bad)
    assert isinstance(found, InvalidData)
    assert "2 of 3 labels cannot be kept, so none is" in found.message
    assert "standard input, line 3: the label is 'refnd', which 'support' does not have." in found.message
    assert "line 4, is no label" in found.message
    assert "did you mean 'refund'?" in found.help
    assert place.tables.latest("labels") is None


def test_what_is_right_is_kept_where_one_says_so_and_the_rest_is_told(place):
    bad = lines(LINES[0], {"prediction_id": "p1", "label": "refnd"})
    found = told(place, "add", "support", "-", "--skip-bad", input=bad)
    assert found["kept"] == 1
    assert len(found["left_out"]) == 1
    assert "1 were left out" in output(place, "add", "support", "-", "--skip-bad", input=bad)


def test_labels_of_unknown_predictions_are_kept_and_counted(place):
    shown = output(
        place, "add", "support", "-", input=lines(LINES[0], {"prediction_id": "elsewhere", "label": "refund"})
    )
    assert "2 of 2 labels are new" in shown
    assert "1 of their predictions are not in the log" in shown


def test_a_model_or_a_file_that_is_not_there_is_told(place, tmp_path):
    assert isinstance(error(place, "add", "nobody", "-", input=""), NotFound)
    assert "none.jsonl" in error(place, "add", "support", tmp_path / "none.jsonl").message


def test_an_empty_file_adds_nothing(place):
    assert told(place, "add", "support", "-", input="")["given"] == 0


# Quality


def test_quality_is_shown_by_language_the_worst_first_with_what_is_assumed(place):
    output(place, "add", "support", "-", input=lines(*LINES, days=19))
    shown = output(place, "quality", "support")
    names = [line.split()[0] for line in shown.splitlines()[2:5]]
    assert names == ["all", "en", "ru"]
    assert "30 predictions have a truth" in shown
    assert "no concept drift" in shown
    assert "No prediction was drawn at random" in shown


def test_quality_of_a_version_as_json(place):
    output(place, "add", "support", "-", input=lines(*LINES, days=19))
    found = told(place, "quality", "support", "--version", 1)
    first = found["languages"][0]
    assert (first["language"], first["labelled"], first["given"]["value"]) == ("all", 30, 0.9)
    assert (found["version"], found["delays"][0]["labels"]) == ("1", 30)
    assert isinstance(error(place, "quality", "support", "--version", "9"), NotFound)


def test_audits_of_another_part_give_an_accuracy(place):
    output(place, "add", "support", "-", input=lines(*LINES, days=19))
    quality = Quality(place, audits=lambda model: {f"p{n}": 0.5 for n in range(20)} if model == "support" else {})
    first = quality.live("support").languages[0]
    assert first.audited == 20
    assert first.accuracy.low < 0.9 < first.accuracy.high


@pytest.mark.parametrize(("source", "right"), [("audit", 0), ("review", 0), ("form", 1)])
def test_what_reviewers_say_counts_more_than_what_others_say_later(place, source, right):
    output(place, "add", "support", "-", input=lines({**LINES[1], "label": "invoice", "source": source}, days=19))
    output(place, "add", "support", "-", input=lines({**LINES[1], "source": "form"}, days=18))
    assert told(place, "quality", "support")["languages"][0]["given"]["value"] == right


def test_a_model_of_numbers_has_no_share_of_right_labels(place):
    spec = '[data]\nfiles = ["f"]\n[features]\ncolumns = ["x"]\n'
    (place.root / "models" / "prices.toml").write_text(
        f'name = "prices"\nowner = "o"\ntask = "tabular-regression"\n{spec}'
    )
    found = error(place, "quality", "prices")
    assert isinstance(found, WrongTask)
    assert "tabular-regression" in found.message


def test_a_model_without_a_champion_says_which_version_to_name(place):
    place.catalog.move_alias("support", "champion", None, expected=1)
    assert "--version" in error(place, "quality", "support").help


# Delays


def test_delays_are_shown_by_source(place):
    assert "has a label" in output(place, "delays", "support")
    output(place, "add", "support", "-", input=lines(*LINES[:20], days=19))
    (curve,) = told(place, "delays", "support")
    assert (curve["source"], curve["labels"], curve["waiting"]) == ("form", 20, 10)
    assert 0.9 < curve["median_days"] < 1.1
    shown = output(place, "delays", "support")
    assert "by day 7" in shown
    assert "form" in shown

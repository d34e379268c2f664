from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.running import Verb
from tests.feedback.review.worlds import row_of

from dragoman.app import Workspace, open_workspace
from dragoman.app.operations import LOG_FOLDER
from dragoman.app.review import Review
from dragoman.errors import Conflict, InvalidInput, InvalidRequest, NotFound
from dragoman.feedback.labels import LABEL_TABLE
from dragoman.monitoring.prediction_log import PredictionLog
from dragoman.monitoring.prediction_log.schema import encode_row, table_of
from dragoman.monitoring.prediction_log.sink import TABLE
from dragoman.records import PredictionRow

VERB = Verb("labels")
text, error = VERB.output, VERB.error

SPEC = """
name = "support"
owner = "team@example.com"
languages = ["de", "fr"]

[data]
files = ["data/*.jsonl"]
labels = ["invoice", "refund", "other"]

[log]
text = true

[review]
per_day = 6
double = 0.0
"""
REVIEWERS = """
[[reviewers]]
name = "ana"
languages = ["de", "fr"]

[[reviewers]]
name = "bo"
languages = ["de"]
per_day = 1
"""


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    (tmp_path / "models").mkdir()
    (tmp_path / "dragoman.toml").write_text("")
    (tmp_path / "models" / "support.toml").write_text(SPEC)
    (tmp_path / "reviewers.toml").write_text(REVIEWERS)
    return open_workspace(tmp_path)


def log(place: Workspace, *rows: PredictionRow) -> None:
    place.tables.append(TABLE, table_of([encode_row(row) for row in rows])[0])


def traffic(place: Workspace, *, hours: float = 2.0) -> None:
    """Twelve predictions in each of two languages, some hours ago."""
    time = (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="milliseconds")
    names = [(language, n) for language in ("de", "fr") for n in range(12)]
    log(
        place,
        *(
            row_of(f"{name}{n}@{hours}", language=name, time=time, text=f"{name} {n * n} {n:b} words {chr(97 + n) * 9}")
            for name, n in names
        ),
    )


def test_the_tasks_of_a_day_are_made_once(place: Workspace) -> None:
    traffic(place)
    assert "6 tasks are new, 2 of them drawn at random, from 24 predictions." in text(
        place, "queue", "support", "--make"
    )
    traffic(place, hours=1)
    assert "nothing is new" in text(place, "queue", "support", "--make")
    rows = json.loads(text(place, "queue", "support", "--json"))["rows"]
    assert sum(row["open"] for row in rows) == 6
    assert {row["language"] for row in rows} == {"de", "fr"}


def test_predictions_that_are_too_old_are_not_asked_about(place: Workspace) -> None:
    traffic(place, hours=30)
    assert "No tasks were made: the log has 0 predictions" in text(place, "queue", "support", "--make")
    assert "6 tasks are new" in text(place, "queue", "support", "--make", "--days", "2")


def test_a_workspace_without_predictions_says_so(place: Workspace) -> None:
    assert "No tasks were made: the log has 0 predictions" in text(place, "queue", "support", "--make")


def test_predictions_that_are_not_in_the_table_yet_are_seen(place: Workspace) -> None:
    log = PredictionLog(place.state / LOG_FOLDER, place.tables, segment_seconds=1e6)
    try:
        time = (datetime.now(UTC) - timedelta(minutes=1)).isoformat(timespec="milliseconds")
        assert log.append([row_of("p", time=time), row_of("q", time=time, model="other")]).wait(10) == "durable"
        assert "1 task is new" in text(place, "queue", "support", "--make")
    finally:
        log.close()


def test_the_audit_log_holds_with_what_review_writes(place: Workspace) -> None:
    traffic(place)
    text(place, "queue", "support", "--make")
    id = json.loads(text(place, "next", "support", "--reviewer", "ana", "--json"))["id"]
    text(place, "label", id, "other", "--reviewer", "ana")
    done = Verb("audit").run(place, "verify")
    assert done.exit_code == 0, done.output
    assert [row.action for row in place.catalog.audit_rows()] == ["review.queued", "labels.added"]


def test_no_prediction_is_in_two_draws(place: Workspace) -> None:
    traffic(place)
    now = datetime.now(UTC)
    first = Review(place, clock=lambda: now).make("support")
    second = Review(place, clock=lambda: now + timedelta(days=1)).make("support", days=9)
    assert (first.is_new, second.is_new, second.draw.since) == (True, False, first.draw.until)


def test_a_log_without_texts_is_refused_with_help(place: Workspace) -> None:
    (place.root / "models" / "support.toml").write_text(SPEC.replace("text = true", "text = false"))
    refused = error(place, "queue", "support", "--make")
    assert isinstance(refused, InvalidInput)
    assert "log.text is off" in refused.message
    assert "text = true below [log]" in refused.help


def test_a_task_is_taken_and_answered(place: Workspace) -> None:
    traffic(place)
    text(place, "queue", "support", "--make")
    task = json.loads(text(place, "next", "support", "--reviewer", "ana", "--json"))
    assert (task["claimed_by"], task["predicted"]) == ("ana", "")
    shown = text(place, "next", "support", "--reviewer", "ana")
    assert task["id"] in shown
    assert "labels    invoice, refund, other" in shown
    assert f"The task {task['id']} is done: other." in text(place, "label", task["id"], "other", "--reviewer", "ana")
    (row,) = place.tables.read(LABEL_TABLE).to_pylist()
    assert (row["prediction_id"], row["label"], row["source"]) == (task["prediction_id"], "other", "audit")
    assert Review(place).audits("support") == {task["prediction_id"]: task["inclusion"]}


def test_what_was_answered_can_be_skipped_shown_and_taken_back(place: Workspace) -> None:
    traffic(place)
    text(place, "queue", "support", "--make")
    id = json.loads(text(place, "next", "support", "--reviewer", "bo", "--json"))["id"]
    assert "waits for another answer" in text(place, "skip", id, "--reviewer", "bo", "--note", "two meanings")
    assert "is done: refund" in text(place, "label", id, "refund", "--reviewer", "ana")
    assert "waits for another answer" in text(place, "undo", id)
    shown = text(place, "show", id)
    assert "bo  skipped: two meanings" in shown
    assert "ana  refund, taken back at" in shown
    rows = place.tables.read(LABEL_TABLE).sort_by("time").to_pylist()
    assert [row["label"] for row in rows] == ["refund", ""]


def test_a_label_that_the_model_does_not_have_is_refused(place: Workspace) -> None:
    traffic(place)
    text(place, "queue", "support", "--make")
    id = json.loads(text(place, "next", "support", "--reviewer", "ana", "--json"))["id"]
    refused = error(place, "label", id, "refnd", "--reviewer", "ana")
    assert isinstance(refused, InvalidRequest)
    assert refused.help == "did you mean 'refund'?"


def test_who_has_done_their_day_gets_no_more(place: Workspace) -> None:
    traffic(place)
    text(place, "queue", "support", "--make")
    id = json.loads(text(place, "next", "support", "--reviewer", "bo", "--json"))["id"]
    text(place, "label", id, "other", "--reviewer", "bo")
    assert isinstance(error(place, "next", "support", "--reviewer", "bo"), Conflict)
    assert isinstance(error(place, "next", "support", "--reviewer", "eve"), NotFound)
    (_, bo) = json.loads(text(place, "reviewers", "support", "--json"))
    assert (bo["today"], bo["answered"], bo["holds"]) == (1, 1, 0)


def test_agreement_is_shown_where_two_answered(place: Workspace) -> None:
    (place.root / "models" / "support.toml").write_text(SPEC.replace("double = 0.0", "double = 1.0"))
    traffic(place)
    text(place, "queue", "support", "--make")
    assert "has two answers yet" in text(place, "agreement", "support")
    found = [task.id for task in place.catalog.review_tasks() if task.language == "de"][:2]
    for id, second in zip(found, ("refund", "other"), strict=True):
        Review(place).label(id, "refund", "ana")
        Review(place).label(id, second, "bo")
    total, german = json.loads(text(place, "agreement", "support", "--json"))
    assert (total["language"], total["tasks"], total["same"], german["alpha"]) == ("all", 2, 1, 0.0)
    assert "de" in text(place, "agreement", "support")


def test_an_empty_queue_says_what_to_do(place: Workspace) -> None:
    assert "--make makes today's" in text(place, "queue", "support")
    assert "No task of 'support' waits for 'ana'" in text(place, "next", "support", "--reviewer", "ana")


def test_languages_that_nobody_knows_are_named(place: Workspace) -> None:
    (place.root / "reviewers.toml").write_text(REVIEWERS.replace('"de", "fr"', '"de"'))
    traffic(place)
    assert "note: no reviewer knows 'fr'" in text(place, "queue", "support", "--make")
    (place.root / "reviewers.toml").unlink()
    assert "There are no reviewers" in text(place, "reviewers", "support")


def test_a_text_cannot_command_the_terminal(place: Workspace) -> None:
    time = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="milliseconds")
    log(place, row_of("p", time=time, text="geld\x1b[2J\nzurück"))
    text(place, "queue", "support", "--make")
    assert "geld [2J zurück" in text(place, "next", "support", "--reviewer", "ana")


@pytest.mark.parametrize("verb", ["agreement", "reviewers", "queue"])
def test_a_model_that_is_none_is_refused(place: Workspace, verb: str) -> None:
    found = error(place, verb, "nobody")
    assert isinstance(found, NotFound)
    assert found.message == "The workspace declares no model 'nobody'."

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from dragoman.monitoring.prediction_log import logged_key
from dragoman.monitoring.recorder import MAX_LABELS, AnswerRecorder, content_of, result_of, text_of
from dragoman.records import AnswerLabel, LabelPrediction, PredictionRow, QuestionInput, RowInput, TextInput
from dragoman.release.traffic import Ask, Place
from dragoman.serving.fakes import fake_model
from dragoman.serving.lookup import FakeLookup
from dragoman.serving.model import Model
from dragoman.serving.options import Options
from dragoman.serving.table_fakes import VIEW_COLUMNS, fake_table
from dragoman.spec import LogSpec
from dragoman.text.redaction import Redactor

pytestmark = pytest.mark.anyio

REDACTOR = Redactor(b"k" * 32)
SECRET_TEXT = "refund for ada@example.com please"


class FakeTicket:
    def __init__(self) -> None:
        self.was_waited_for = False

    async def durable(self) -> None:
        await asyncio.sleep(0)
        self.was_waited_for = True


class FakeLog:
    def __init__(self) -> None:
        self.rows: list[PredictionRow] = []
        self.tickets: list[FakeTicket] = []

    def append(self, rows: Sequence[PredictionRow]) -> FakeTicket:
        self.rows += rows
        self.tickets.append(FakeTicket())
        return self.tickets[-1]


@pytest.fixture
def model() -> Iterator[Model]:
    with fake_model() as model:
        yield model


async def recorded(model: Model, policy: LogSpec | None, *, place: Place | None = None, **options: Any) -> FakeLog:
    log = FakeLog()
    ask = Ask([SECRET_TEXT, {"text": "где заказ", "language": "ru"}], model.task.Parameters(), Options(**options))
    answer = await model.predict_request(ask.inputs, ask.parameters, ask.options)
    recorder = AnswerRecorder(log, Redactor(b"k" * 32), lambda name: policy)  # type: ignore[arg-type]
    await recorder.record(model, ask, answer, place or Place(), 0.25)
    return log


async def test_a_row_has_what_was_answered(model: Model) -> None:
    first, second = (await recorded(model, LogSpec())).rows
    assert (first.model, first.version, first.language, second.script) == ("support", "1", "en", "Cyrl")
    assert len(first.labels) == len(first.scores) == 3
    assert (first.total_ms, first.tokens) == (250.0, 10)
    assert first.id != second.id


async def test_no_text_is_kept_unless_the_spec_says_so(model: Model) -> None:
    assert {row.text for row in (await recorded(model, LogSpec())).rows} == {None}


async def test_personal_data_never_reaches_the_log(model: Model) -> None:
    log = await recorded(model, LogSpec(text=True), subject="ada@example.com")
    kept = str(log.rows)
    assert "ada@example.com" not in kept
    assert log.rows[0].text.startswith("refund for [EMAIL:")  # type: ignore[union-attr]
    assert log.rows[0].subject


async def test_the_same_subject_and_input_are_known_again_and_another_is_not(model: Model) -> None:
    first = (await recorded(model, LogSpec(), subject="ada")).rows[0]
    again = (await recorded(model, LogSpec(), subject="ada")).rows[0]
    other = (await recorded(model, LogSpec(), subject="bob")).rows[0]
    assert (first.subject, first.input) == (again.subject, again.input)
    assert first.subject != other.subject


@pytest.mark.parametrize("policy", [None, LogSpec(enabled=False)])
async def test_a_model_that_is_not_recorded_leaves_nothing(model: Model, policy: LogSpec | None) -> None:
    assert (await recorded(model, policy)).rows == []


@pytest.mark.parametrize(("durability", "waits"), [("batched", False), ("each", True)])
async def test_an_answer_waits_for_the_disk_only_where_the_spec_says_so(
    model: Model, durability: Any, waits: Any
) -> None:
    log = await recorded(model, LogSpec(durability=durability))
    assert [ticket.was_waited_for for ticket in log.tickets] == [waits]


async def test_a_copy_names_its_original_and_is_never_waited_for(model: Model) -> None:
    original = (await model.predict_request([SECRET_TEXT, "where"])).predictions
    log = await recorded(model, LogSpec(durability="each"), place=Place("r1", "challenger", original))
    assert [row.request for row in log.rows] == [one.id for one in original]
    assert {(row.release, row.arm, row.mirrored) for row in log.rows} == {("r1", "challenger", True)}
    assert not log.tickets[0].was_waited_for


async def test_a_row_says_which_arm_its_subject_was_given_and_how_likely_that_was(model: Model) -> None:
    log = await recorded(model, LogSpec(), place=Place("r1", "champion", assigned="challenger", share=0.05))
    assert {(row.arm, row.assigned, row.share) for row in log.rows} == {("champion", "challenger", 0.05)}


async def test_a_log_that_fails_keeps_no_answer_from_its_caller(
    model: Model, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(self: FakeLog, rows: Sequence[PredictionRow]) -> FakeTicket:
        raise OSError("no disk")

    monkeypatch.setattr(FakeLog, "append", fail)
    await recorded(model, LogSpec())
    assert "was not recorded" in caplog.text


@pytest.mark.parametrize(
    ("given", "content"),
    [
        ("where", "where"),
        ({"text": "where", "language": "en"}, "where"),
        (TextInput(text="where", language="en"), "where"),
        (TextInput(text="where", pair="here"), '{"text":"where","pair":"here"}'),
        (QuestionInput(question="Who?", context="Ada."), '{"question":"Who?","context":"Ada."}'),
    ],
)
def test_the_content_of_an_input_is_its_text_or_its_parts(given: Any, content: str) -> None:
    assert content_of(given) == content


async def rows_of(model: Model, *inputs: Any, text: Any = False) -> list[PredictionRow]:
    log, ask = FakeLog(), Ask(list(inputs), model.task.Parameters(), Options())
    answer = await model.predict_request(ask.inputs, ask.parameters, ask.options)
    recorder = AnswerRecorder(log, REDACTOR, lambda name: LogSpec(text=text))  # type: ignore[arg-type]
    await recorder.record(model, ask, answer, Place(), 0.25)
    return log.rows


async def test_features_are_recorded_as_they_were_served_with_the_key_as_a_pseudonym() -> None:
    lookup = FakeLookup({"orders": {"c-1": {"count_30d": 3, "last": "pen"}}})
    with fake_table(columns=VIEW_COLUMNS, lookup=lookup) as model:
        (row,) = await rows_of(model, RowInput(features={"age": 41.5}, key="c-1"), text=True)
    assert row.features == {"age": 41.5, "plan": None, "orders.count_30d": 3, "orders.last": "pen"}
    assert (row.key, row.value, row.text) == (logged_key("c-1", REDACTOR), 45.5, None)
    assert datetime.fromisoformat(row.features_time) == datetime.fromtimestamp(lookup.asked[0][1] / 1e6, UTC)


async def test_nothing_was_looked_up_where_the_caller_gave_all() -> None:
    with fake_table() as model:
        (row,) = await rows_of(model, {"features": {"plan": "gold"}})
    assert (row.features, row.key, row.features_time) == ({"age": None, "plan": "gold"}, "", "")


async def test_a_text_that_training_has_not_seen_loses_its_personal_data() -> None:
    with fake_table() as model:
        rows = await rows_of(model, *({"features": {"plan": plan}} for plan in ("silver", "bronze", "ada@example.com")))
    plans = [row.features["plan"] for row in rows]
    assert plans[:2] == ["silver", "bronze"]
    assert plans[2] == REDACTOR.redact("ada@example.com") != "ada@example.com"


async def test_rows_with_the_same_features_are_known_again_whatever_their_key() -> None:
    with fake_table() as model:
        rows = await rows_of(
            model, *({"features": {"age": age}, "key": key} for age, key in ((1, "a"), (1, "b"), (2, "a")))
        )
    assert rows[0].input == rows[1].input != rows[2].input


def test_of_a_text_with_features_the_text_alone_is_text() -> None:
    given = TextInput(text="where", features={"age": 41}, key="c-1")
    assert text_of(given) == text_of({"features": {"age": 41}, "text": "where", "key": "c-1"}) == "where"
    assert content_of(given) == '{"text":"where","features":{"age":41}}'
    assert text_of(RowInput(features={"age": 41}, key="c-1")) == ""


def test_a_row_keeps_the_best_of_many_labels() -> None:
    labels = [AnswerLabel(label=f"label-{number}", score=1 / (number + 2)) for number in range(9)]
    common = {"id": "p", "language": "en", "script": "Latn", "tokens": 3, "windows": 1, "truncated": False}
    kept, scores, abstained = result_of(LabelPrediction(**common, labels=labels, abstained=True))
    assert kept == [one.label for one in labels[:MAX_LABELS]]
    assert scores[:2] == [0.5, 0.333333]
    assert abstained

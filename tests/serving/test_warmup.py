from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from tests.serving.conftest import MakeModel

from dragoman.errors import DragomanError
from dragoman.records import FeatureColumn, RowInput, TextInput
from dragoman.runtime.row_session import RowSession
from dragoman.serving.fakes import FakeTask, fake_tokenizer
from dragoman.serving.table_fakes import VIEW_COLUMNS, fake_table
from dragoman.serving.warmup import TEXTS_PER_LANGUAGE, warm_up


class RecordingTask(FakeTask):
    """Remembers what it was given; refuses Russian if told so."""

    def __init__(self, *, refuses: str = "", name: str = "text-classification") -> None:
        super().__init__(fake_tokenizer())
        self.refuses, self.name = refuses, name
        self.seen: list[tuple[str | None, str]] = []

    def prepare(self, inputs: Sequence[TextInput], parameters: Any) -> Any:
        self.seen += [(one.language, one.text) for one in inputs]
        if any(one.language == self.refuses for one in inputs):
            raise ValueError("no such letters")
        return super().prepare(inputs, parameters)


def test_every_language_is_warmed_with_its_own_texts(make_model: MakeModel) -> None:
    task = RecordingTask()
    done = warm_up(make_model(task=task), {"en": ["where is it", " "], "ru": ["где"], "xx": ["never"]})
    assert (done, task.seen) == (2, [("en", "where is it"), ("ru", "где")])


def test_a_language_without_texts_gets_the_universal_ones(make_model: MakeModel) -> None:
    task = RecordingTask()
    warm_up(make_model(task=task), {"ru": ["где"]})
    languages = [language for language, _ in task.seen]
    assert (languages.count("en"), languages.count("ru")) == (TEXTS_PER_LANGUAGE, 1)
    assert all(text.strip() for _, text in task.seen)


def test_a_model_of_any_language_is_warmed_without_naming_one(make_model: MakeModel) -> None:
    task = RecordingTask()
    assert warm_up(make_model(task=task, languages=())) == TEXTS_PER_LANGUAGE
    assert {language for language, _ in task.seen} == {None}


def test_no_more_than_some_texts_of_a_language_are_run(make_model: MakeModel) -> None:
    assert warm_up(make_model(languages=("en",)), {"en": ["where"] * 100}) == TEXTS_PER_LANGUAGE


def test_a_model_that_does_not_answer_fails_with_the_language(make_model: MakeModel) -> None:
    model = make_model(task=RecordingTask(refuses="ru"))
    with pytest.raises(DragomanError, match="Model 'support' does not answer in 'ru': no such letters"):
        warm_up(model)


def test_the_engine_knows_its_pace_afterwards(make_model: MakeModel) -> None:
    model = make_model()
    warm_up(model)
    assert model.backbone.engine.scheduler.pace.seconds(100) > 0


def test_a_table_is_warmed_with_a_usual_row_and_one_of_which_nothing_is_known() -> None:
    columns = (*VIEW_COLUMNS, FeatureColumn(name="needed", kind="category", categories=["a"], required=True))
    with fake_table(columns=columns, languages=("de", "en")) as model:
        seen: list[RowInput] = []
        prepare = model.task.prepare
        model.task.prepare = lambda inputs, parameters: seen.extend(inputs) or prepare(inputs, parameters)  # type: ignore[method-assign]
        assert warm_up(model) == 4
    usual = {"age": 40.0, "plan": "gold", "orders.count_30d": 0.0, "orders.last": "book", "needed": "a"}
    assert [one.features for one in seen[:2]] == [usual, dict.fromkeys(usual) | {"needed": "a"}]
    assert [one.language for one in seen] == ["de", "de", "en", "en"]


def test_a_table_that_does_not_answer_is_told() -> None:
    session = RowSession(lambda rows: np.full((len(rows), 3), np.inf, dtype=np.float32), columns=2)
    with fake_table(session=session) as model, pytest.raises(DragomanError, match="'prices' does not answer"):
        warm_up(model)

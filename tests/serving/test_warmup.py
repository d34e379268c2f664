from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.serving.conftest import MakeModel

from dragoman.errors import DragomanError
from dragoman.records import TextInput
from dragoman.serving.fakes import FakeTask, fake_tokenizer
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

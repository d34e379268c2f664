from __future__ import annotations

import urllib.error

import pytest
from tests.api.holders import access_of, made
from tests.api.world import serving, task_model

from dragoman.app.access import KEY_VARIABLE
from dragoman.cli.questions import Question, ask_all


def test_questions_are_asked_with_the_key_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    key, text = made("caller")
    question = Question("en", "where is my order", "invoice")
    with serving(task_model("text-classification"), access=access_of(key)) as url:
        monkeypatch.delenv(KEY_VARIABLE, raising=False)
        with pytest.raises(urllib.error.HTTPError, match="401") as refusal:
            ask_all(url, "support", [question])
        refusal.value.close()
        monkeypatch.setenv(KEY_VARIABLE, text)
        assert [asked for asked, _ in ask_all(url, "support", [question])] == [question]

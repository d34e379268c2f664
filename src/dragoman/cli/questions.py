"""One question per language, asked over HTTP like any client would."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from dragoman.app.access import KEY_VARIABLE
from dragoman.records import Example

__all__ = ["Answered", "Question", "ask_all", "questions_for"]

TIMEOUT_SECONDS = 30.0
PREFERRED_LENGTH = 45  # characters: a question that fits in a table's column


class Question(NamedTuple):
    """A text with its true label."""

    language: str
    text: str
    label: str


class Answered(NamedTuple):
    """What the server said of it."""

    version: str
    label: str
    score: float
    language: str


def questions_for(examples: Iterable[Example]) -> list[Question]:
    """One test text of each language, about as long as a line, with labels taken in turn."""
    by_language: dict[str, list[Example]] = {}
    for example in examples:
        by_language.setdefault(example.language, []).append(example)
    labels = sorted({example.label for rows in by_language.values() for example in rows})
    chosen = (_choose(rows, labels[turn % len(labels)]) for turn, (_, rows) in enumerate(sorted(by_language.items())))
    return [Question(example.language, example.text, example.label) for example in chosen]


def ask_all(url: str, model: str, questions: list[Question]) -> list[tuple[Question, Answered]]:
    """Ask all questions in one request, with the key of the environment if there is one.

    Raises `urllib.error.HTTPError` for an answer other than 200.
    """
    body = msgspec.json.encode({"inputs": [question.text for question in questions], "parameters": {"top": 1}})
    headers = {"Content-Type": "application/json"}
    if key := os.environ.get(KEY_VARIABLE):
        headers["Authorization"] = f"Bearer {key}"
    request = urllib.request.Request(  # noqa: S310 (the address is our own server's)
        f"{url}/v1/models/{model}/predict", data=body, headers=headers
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
        answer = msgspec.json.decode(response.read())
    pairs = zip(questions, answer["predictions"], strict=True)
    return [(question, _answered(answer["version"], prediction)) for question, prediction in pairs]


def _answered(version: str, prediction: dict[str, Any]) -> Answered:
    best = prediction["labels"][0]
    return Answered(version, best["label"], best["score"], prediction["language"])


def _choose(examples: list[Example], label: str) -> Example:
    rows = [example for example in examples if example.label == label] or examples
    return min(rows, key=lambda example: (abs(len(example.text) - PREFERRED_LENGTH), example.id))

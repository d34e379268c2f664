"""A model's first predictions, before anybody waits for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from dragoman.errors import DragomanError
from dragoman.records import FeatureColumn, RowInput
from dragoman.serving.model import Model
from dragoman.text.lock import UNIVERSAL_TEXTS

__all__ = ["warm_up"]

TEXTS_PER_LANGUAGE = 4
ANY_LANGUAGE = ""
FORECAST = {"history": [1.0], "time": "2000-01-01"}  # from which a forecast can begin


def warm_up(model: Model, texts: Mapping[str, Sequence[str]] | None = None) -> int:
    """Predict some texts in every language of the model, or rows of a table; how many there were.

    `texts` are by language; a language without any gets `UNIVERSAL_TEXTS`. Features are given, so none is looked up:
    those of a usual row, and as far as may be none. What is slow once (pages of the tables read,
    kernels chosen) is over then, and the engine knows how long batches take. Raises `DragomanError`, naming the
    language, for a model that does not answer.
    """
    given = texts or {}
    done = 0
    for language in model.languages or (ANY_LANGUAGE,):
        inputs = _inputs(model, given.get(language, ()))
        _predict(model, language, inputs)
        done += len(inputs)
    return done


def _inputs(model: Model, texts: Sequence[str]) -> list[dict[str, Any]]:
    rows = _rows(model.columns)
    if model.task.Input is RowInput:
        begun = FORECAST if model.task.name == "forecasting" else {}
        return [{"features": row, **begun} for row in rows or [{}]]
    chosen = _first_texts(texts) or _first_texts(UNIVERSAL_TEXTS)
    if not rows:
        return [_input(model, text) for text in chosen]
    return [{"text": text, "features": rows[place % len(rows)]} for place, text in enumerate(chosen)]


def _rows(columns: Sequence[FeatureColumn]) -> list[dict[str, Any]]:
    """A row of usual values, and one with nothing but what must be there; none for a model without columns."""
    usual = {column.name: _usual(column) for column in columns}
    needed = {column.name: usual[column.name] if column.required else None for column in columns}
    return [usual, needed] if columns else []


def _usual(column: FeatureColumn) -> float | str:
    return column.mean if column.kind == "number" else next(iter(column.categories), "")


def _first_texts(texts: Sequence[str]) -> list[str]:
    return list(islice((text for text in texts if text.strip()), TEXTS_PER_LANGUAGE))


def _predict(model: Model, language: str, inputs: list[dict[str, Any]]) -> None:
    code = {"language": language} if language else {}
    try:
        predictions = model.predict([one | code for one in inputs], **_parameters(model.task.name))
    except Exception as error:
        raise _failure(model, language, str(error)) from error
    if len(predictions) != len(inputs):
        raise _failure(model, language, f"{len(predictions)} answers for {len(inputs)} inputs.")


def _input(model: Model, text: str) -> dict[str, Any]:
    match model.task.name:
        case "question-answering":
            return {"question": text, "context": text}
        case "rerank":
            return {"query": text, "texts": [text]}
        case "fill-mask":
            return {"text": f"{text[:40]} {_mask_of(model)}"}  # short: the mask must not be cut off
        case _:
            return {"text": text}


def _parameters(task: str) -> dict[str, Any]:
    return {"candidate_labels": ["a", "b"]} if task == "zero-shot-classification" else {}


def _mask_of(model: Model) -> str:
    tokenizer = model.tokenizer
    token = None if tokenizer.mask_token is None else tokenizer.backend.id_to_token(tokenizer.mask_token)
    return token or ""


def _failure(model: Model, language: str, what: str) -> DragomanError:
    where = f" in '{language}'" if language else ""
    return DragomanError(f"Model '{model.name}' does not answer{where}: {what}", help="train or import it again.")

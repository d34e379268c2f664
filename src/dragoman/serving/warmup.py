"""A model's first predictions, before anybody waits for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from dragoman.errors import DragomanError
from dragoman.serving.model import Model
from dragoman.text.lock import UNIVERSAL_TEXTS

__all__ = ["warm_up"]

TEXTS_PER_LANGUAGE = 4
ANY_LANGUAGE = ""


def warm_up(model: Model, texts: Mapping[str, Sequence[str]] | None = None) -> int:
    """Predict some texts in every language of the model; how many there were.

    `texts` are by language; a language without any gets `UNIVERSAL_TEXTS`. What is slow once (pages of the tables read,
    kernels chosen) is over then, and the engine knows how long batches take. Raises `DragomanError`, naming the
    language, for a model that does not answer.
    """
    given = texts or {}
    done = 0
    for language in model.languages or (ANY_LANGUAGE,):
        chosen = _first_texts(given.get(language, ())) or _first_texts(UNIVERSAL_TEXTS)
        _predict(model, language, chosen)
        done += len(chosen)
    return done


def _first_texts(texts: Sequence[str]) -> list[str]:
    return list(islice((text for text in texts if text.strip()), TEXTS_PER_LANGUAGE))


def _predict(model: Model, language: str, texts: Sequence[str]) -> None:
    code = {"language": language} if language else {}
    inputs = [_input(model, text) | code for text in texts]
    try:
        predictions = model.predict(inputs, **_parameters(model.task.name))
    except Exception as error:
        raise _failure(model, language, str(error)) from error
    if len(predictions) != len(inputs):
        raise _failure(model, language, f"{len(predictions)} answers for {len(inputs)} texts.")


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
    tokenizer = model.backbone.tokenizer
    token = None if tokenizer.mask_token is None else tokenizer.backend.id_to_token(tokenizer.mask_token)
    return token or ""


def _failure(model: Model, language: str, what: str) -> DragomanError:
    where = f" in '{language}'" if language else ""
    return DragomanError(f"Model '{model.name}' does not answer{where}: {what}", help="train or import it again.")

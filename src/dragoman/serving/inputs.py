"""Checking what a caller sends: the same for Python and HTTP."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from dragoman.errors import BodyTooLarge, InvalidRequest, TextTooLong
from dragoman.records import TextInput
from dragoman.serving.suggestion import shown, suggest
from dragoman.spec import ServingSpec
from dragoman.text.normalization import find_lone_surrogate
from dragoman.text.tokenizer import Encoded, Tokenizer

__all__ = ["encode_inputs", "read_inputs"]


def read_inputs(given: Any, *, serving: ServingSpec, languages: Collection[str]) -> list[TextInput]:
    """The inputs of one request: a text, or texts, `TextInput`s and dicts of its fields.

    With `languages` empty, any language may be given. Raises `InvalidRequest`, `TextTooLong` or `BodyTooLarge` naming
    the first wrong input by its index.
    """
    items = _read_list(given)
    if not items:
        raise InvalidRequest("The request has no inputs.", help="send at least one text.")
    if len(items) > serving.max_inputs:
        raise BodyTooLarge(
            f"The request has {len(items)} inputs; at most {serving.max_inputs} are accepted at once.",
            help="send them in several requests, or raise serving.max_inputs.",
        )
    inputs = [_read_one(index, item) for index, item in enumerate(items)]
    for index, one in enumerate(inputs):
        _check_text(index, one.text, serving.max_text_characters)
        _check_language(index, one.language, languages)
    return inputs


def encode_inputs(inputs: Collection[TextInput], *, tokenizer: Tokenizer, serving: ServingSpec) -> list[Encoded]:
    """Token ids of each text. Raises `TextTooLong` when `too_long` is "refuse", naming tokens and limit."""
    encoded = tokenizer.encode_many([one.text for one in inputs])
    for index, (one, tokens) in enumerate(zip(inputs, encoded, strict=True)):
        if tokens.truncated and serving.too_long == "refuse":
            count = count_tokens(tokenizer, one.text)
            raise TextTooLong(
                f"Text {index} has {count} tokens; the model accepts {tokenizer.max_tokens}.",
                help='shorten or split it, or set serving.too_long to "truncate".',
            )
        if not tokens.ids:
            raise InvalidRequest(f"Text {index} has no tokens.", help="send a text with letters, digits or symbols.")
    return encoded


def count_tokens(tokenizer: Tokenizer, text: str) -> int:
    """Tokens of a whole text, special tokens included, before it is cut."""
    encoding = tokenizer.backend.encode(text)
    special = tokenizer.backend.num_special_tokens_to_add(False)
    return len(encoding.ids) + sum(len(rest.ids) - special for rest in encoding.overflowing)


def _read_list(given: Any) -> list[Any]:
    if isinstance(given, str | TextInput):
        return [given]
    if isinstance(given, bytes | dict) or not isinstance(given, Iterable):
        raise InvalidRequest(
            f"The inputs are of type {type(given).__name__}.", help="give one text, or a list of texts."
        )
    return list(given)


def _read_one(index: int, item: Any) -> TextInput:
    if isinstance(item, TextInput):
        item = {"text": item.text, "language": item.language}
    if not isinstance(item, dict):
        item = {"text": item}
    for name in item:
        if name not in TextInput.__struct_fields__:
            raise InvalidRequest(
                f"Input {index} has an unknown field {shown(str(name))}.",
                help=suggest(str(name), TextInput.__struct_fields__),
            )
    text, language = item.get("text"), item.get("language")
    if not isinstance(text, str):
        what = f"is of type {type(text).__name__}" if "text" in item else "has no text"
        raise InvalidRequest(f"Input {index} {what}.", help="each input is a text, or an object with a text.")
    if not isinstance(language, str | None):
        raise InvalidRequest(
            f"The language of input {index} is of type {type(language).__name__}.", help='give a code such as "en".'
        )
    return TextInput(text=text, language=language)


def _check_text(index: int, text: str, most_characters: int) -> None:
    if len(text) > most_characters:
        raise TextTooLong(
            f"Text {index} has {len(text)} characters; at most {most_characters} are accepted.",
            help="shorten or split it, or raise serving.max_text_characters.",
        )
    if not text or text.isspace():
        raise InvalidRequest(f"Text {index} is {'blank' if text else 'empty'}.", help="leave it out, or send a text.")
    if (position := find_lone_surrogate(text)) >= 0:
        raise InvalidRequest(
            f"Text {index} has half of a surrogate pair, {text[position]!a}, at position {position}.",
            help="decode it as UTF-8 or as whole UTF-16 pairs.",
        )


def _check_language(index: int, language: str | None, languages: Collection[str]) -> None:
    if language is not None and languages and language not in languages:
        raise InvalidRequest(
            f"The language of input {index} is {shown(language)}, which the model does not know.",
            help=f"leave it out to have it detected; {suggest(language, languages)}",
        )

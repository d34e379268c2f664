"""Checking what a caller sends: the same for Python and HTTP."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from dragoman.errors import BodyTooLarge, InvalidRequest, TextTooLong
from dragoman.records import QuestionInput, RankInput, RowInput, TextInput
from dragoman.serving.row_fields import ROW_FIELDS
from dragoman.serving.suggestion import shown, suggest
from dragoman.spec import ServingSpec
from dragoman.text.normalization import find_lone_surrogate

__all__ = ["read_inputs", "refuse_pairs", "size_of"]

T = TypeVar("T", TextInput, QuestionInput, RankInput, RowInput)

FIELDS = {
    kind: {field.name: field for field in msgspec.structs.fields(kind)}
    for kind in (TextInput, QuestionInput, RankInput, RowInput)
}
WHAT_TO_SEND: dict[type, str] = {
    TextInput: "a text, or an object with a text",
    QuestionInput: "an object with a question and a context",
    RankInput: "an object with a query and texts",
    RowInput: "an object with features, a key, or both",
}


def read_inputs(given: Any, kind: type[T], *, serving: ServingSpec, languages: Collection[str]) -> list[T]:
    """The inputs of one request: records of `kind` and dicts of their fields, or one of them; for texts, strings too.

    With `languages` empty, any language may be given. Raises `InvalidRequest`, `TextTooLong` or `BodyTooLarge` naming
    the first wrong input by its index, and its field.
    """
    items = _read_list(given, kind)
    if not items:
        raise InvalidRequest("The request has no inputs.", help="send at least one.")
    _check_count(len(items), serving.max_inputs, "inputs")
    inputs = [_read_one(index, item, kind) for index, item in enumerate(items)]
    for index, one in enumerate(inputs):
        if isinstance(one, RankInput):
            _check_count(len(one.texts), serving.max_inputs, "texts", f"Input {index}")
        for place, text in _texts(index, one):
            _check_text(place, text, serving.max_text_characters)
        _check_language(index, one.language, languages)
    return inputs


def refuse_pairs(inputs: Sequence[TextInput], task: str) -> None:
    """Raise `InvalidRequest` for an input with a `pair`: for tasks that read one text at a time."""
    for index, one in enumerate(inputs):
        if one.pair is not None:
            raise InvalidRequest(f"Input {index} has a pair; {task} takes single texts.", help="leave the pair out.")


def size_of(given: Any) -> int:
    """Characters of one input before it is checked; 0 of what is no input."""
    if isinstance(given, str):
        return len(given)
    if isinstance(given, msgspec.Struct):
        given = msgspec.structs.asdict(given)
    if isinstance(given, dict):
        return sum(map(size_of, given.values()))
    return sum(len(one) for one in given if isinstance(one, str)) if isinstance(given, list | tuple) else 0


# Reading ------------------------------------------------------------------------------------------------------------


def _read_list(given: Any, kind: type[T]) -> list[Any]:
    if isinstance(given, kind | dict) or (kind is TextInput and isinstance(given, str)):
        return [given]
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise InvalidRequest(
            f"The inputs are of type {type(given).__name__}.", help=f"give {WHAT_TO_SEND[kind]}, or a list of such."
        )
    return list(given)


def _read_one(index: int, item: Any, kind: type[T]) -> T:
    if kind is TextInput and isinstance(item, str):
        return TextInput(text=item)  # type: ignore[return-value]  # mypy sees every kind that T may be
    if isinstance(item, kind):
        item = msgspec.structs.asdict(item)
    if not isinstance(item, dict):
        raise InvalidRequest(
            f"Input {index} is of type {type(item).__name__}.", help=f"each input is {WHAT_TO_SEND[kind]}."
        )
    _check_names(index, item, kind)
    given = {
        name: _read_field(index, item, field, kind)
        for name, field in FIELDS[kind].items()
        if field.required or item.get(name) is not None
    }
    return kind(**given)


def _check_names(index: int, item: dict[Any, Any], kind: type[T]) -> None:
    for name in item:
        if name not in kind.__struct_fields__:
            more = 'values of columns go into "features"; ' if "features" in kind.__struct_fields__ else ""
            raise InvalidRequest(
                f"Input {index} has an unknown field {shown(str(name))}.",
                help=more + suggest(str(name), kind.__struct_fields__),
            )


def _read_field(index: int, item: dict[str, Any], field: msgspec.structs.FieldInfo, kind: type[T]) -> Any:
    name, value = field.name, item.get(field.name)
    if name in ROW_FIELDS:
        return ROW_FIELDS[name](index, value)
    if name == "texts" and isinstance(value, list | tuple):
        return _read_texts(index, value)
    if name != "texts" and isinstance(value, str):
        return value
    if name not in item:
        raise InvalidRequest(f"Input {index} has no {name}.", help=f"each input is {WHAT_TO_SEND[kind]}.")
    verb = "are" if name == "texts" else "is"
    raise InvalidRequest(
        f"The {name} of input {index} {verb} of type {type(value).__name__}.",
        help='give a code such as "en".' if name == "language" else f"each input is {WHAT_TO_SEND[kind]}.",
    )


def _read_texts(index: int, texts: Sequence[Any]) -> list[str]:
    if not texts:
        raise InvalidRequest(f"Input {index} has no texts.", help="send at least one text to rank.")
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise InvalidRequest(
                f"Text {number} of input {index} is of type {type(text).__name__}.", help="each text is a string."
            )
    return list(texts)


# Checking -----------------------------------------------------------------------------------------------------------


def _texts(index: int, one: TextInput | QuestionInput | RankInput | RowInput) -> Iterator[tuple[str, str]]:
    """What each text of an input is called in a message, and the text."""
    if isinstance(one, TextInput):
        yield f"Text {index}", one.text
        if one.pair is not None:
            yield f"The pair of input {index}", one.pair
    elif isinstance(one, QuestionInput):
        yield f"The question of input {index}", one.question
        yield f"The context of input {index}", one.context
    elif isinstance(one, RankInput):
        yield f"The query of input {index}", one.query
        yield from ((f"Text {number} of input {index}", text) for number, text in enumerate(one.texts))


def _check_count(count: int, most: int, what: str, place: str = "The request") -> None:
    if count > most:
        raise BodyTooLarge(
            f"{place} has {count} {what}; at most {most} are accepted at once.",
            help="send them in several requests, or raise serving.max_inputs.",
        )


def _check_text(place: str, text: str, most_characters: int) -> None:
    if len(text) > most_characters:
        raise TextTooLong(
            f"{place} has {len(text)} characters; at most {most_characters} are accepted.",
            help="shorten or split it, or raise serving.max_text_characters.",
        )
    if not text or text.isspace():
        raise InvalidRequest(f"{place} is {'blank' if text else 'empty'}.", help="leave it out, or send a text.")
    if (position := find_lone_surrogate(text)) >= 0:
        raise InvalidRequest(
            f"{place} has half of a surrogate pair, {text[position]!a}, at position {position}.",
            help="decode it as UTF-8 or as whole UTF-16 pairs.",
        )


def _check_language(index: int, language: str | None, languages: Collection[str]) -> None:
    if language is not None and languages and language not in languages:
        raise InvalidRequest(
            f"The language of input {index} is {shown(language)}, which the model does not know.",
            help=f"leave it out to have it detected; {suggest(language, languages)}",
        )

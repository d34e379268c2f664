"""What a caller may ask for beside the texts."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Meta

from dragoman.errors import InvalidRequest
from dragoman.serving.suggestion import shown, suggest
from dragoman.text.normalization import find_lone_surrogate

__all__ = ["read_parameters"]

T = TypeVar("T", bound=msgspec.Struct)


def read_parameters(given: Mapping[str, Any], kind: type[T]) -> T:
    """Check the parameters of a task. Raises `InvalidRequest` naming the wrong one, with what it means."""
    for name in given:
        if name not in kind.__struct_fields__:
            raise InvalidRequest(
                f"There is no parameter {shown(str(name))}.", help=suggest(str(name), kind.__struct_fields__)
            )
    for name, value in given.items():
        if any(find_lone_surrogate(text) >= 0 for text in _texts(value)):
            raise InvalidRequest(f"The parameter '{name}' has half of a surrogate pair.", help="decode it as UTF-8.")
    try:
        return msgspec.convert(dict(given), kind)
    except msgspec.ValidationError as error:
        raise _wrong(str(error), kind) from None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts([*value, *value.values()])
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


def _wrong(message: str, kind: type[msgspec.Struct]) -> InvalidRequest:
    """From msgspec's words, "Expected `int`, got `str` - at `$.top`"."""
    what, _, where = message.partition(" - at ")
    if not where:  # the only error of the whole: "Object missing required field `candidate_labels`"
        name = what.partition("`")[2].rstrip("`")
        return InvalidRequest(f"The parameter '{name}' is missing.", help=_meaning(name, kind))
    place = where.strip("`").removeprefix("$.")
    name = place.replace("[", ".").partition(".")[0]
    return InvalidRequest(f"The parameter '{place}' is wrong: {what}.", help=_meaning(name, kind))


def _meaning(name: str, kind: type[msgspec.Struct]) -> str:
    """The description of a parameter."""
    hint = typing.get_type_hints(kind, include_extras=True)[name]
    notes = [note for part in (hint, *typing.get_args(hint)) for note in getattr(part, "__metadata__", ())]
    return next(
        (note.description for note in notes if isinstance(note, Meta) and note.description), "see /openapi.json."
    )

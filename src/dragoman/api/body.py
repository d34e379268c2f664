"""Reading request bodies: bounded while they arrive, then decoded, with errors that say where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import inspect
from starlette.requests import Request

from dragoman.api.inflation import body_too_large, coding_of, inflated
from dragoman.errors import InvalidRequest
from dragoman.serving.suggestion import shown, suggest

__all__ = ["BodyReader", "read_body"]

DISCARDED_LIMITS = 4
T = TypeVar("T", bound=msgspec.Struct)

LONE_SURROGATE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(.*?)`(?: - at `(.*)`)?", re.DOTALL)
MISSING_FIELD = re.compile(r"Object missing required field `(.*?)`(?: - at `(.*)`)?")


async def read_body(request: Request, *, max_bytes: int) -> bytes:
    """The whole body, inflated if it is compressed.

    Raises `BodyTooLarge` if it has more than `max_bytes`, compressed or not, with or without a Content-Length, and
    `UnknownEncoding` or `InvalidRequest` for what cannot be inflated.

    Of a body that is too large, as much again as a few limits is read and thrown away: a client that still sends when
    the answer comes sees a broken connection instead of the answer.
    """
    body = await received(request, max_bytes=max_bytes)
    return await inflated(body, coding_of(request.headers), max_bytes=max_bytes)


async def received(request: Request, *, max_bytes: int) -> bytes:
    """The body as it arrives."""
    announced = request.headers.get("content-length", "")
    patience = DISCARDED_LIMITS * max_bytes
    if announced.isdecimal() and int(announced) > patience:
        raise body_too_large(max_bytes)
    body, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > patience:
            break
        if size <= max_bytes:
            body += chunk
    if size > max_bytes:
        raise body_too_large(max_bytes)
    return bytes(body)


class BodyReader(Generic[T]):
    """Bodies of one kind: JSON to a record. `example` is a body that would be right."""

    def __init__(self, kind: type[T], *, example: str) -> None:
        self.kind = kind
        self.help = f"send UTF-8 JSON such as {example}."
        self._decode = msgspec.json.Decoder(kind).decode
        self._fields, self._choices = names_in(inspect.type_info(kind))

    def read(self, body: bytes) -> T:
        """Raises `InvalidRequest` saying what is wrong and where."""
        try:
            return self._decode(body)
        except msgspec.ValidationError as error:
            raise self._explain_mismatch(str(error)) from None
        except UnicodeDecodeError:
            raise InvalidRequest(explain_encoding(body), help=self.help) from None
        except (msgspec.DecodeError, RecursionError) as error:
            raise self._explain_syntax(body, str(error)) from None

    def _explain_mismatch(self, message: str) -> InvalidRequest:
        """JSON that is not a request: an unknown or missing field, or a value of the wrong type."""
        if match := UNKNOWN_FIELD.fullmatch(message):
            name, place = match.groups(default="$")
            valid = self._fields.get(place_of(place), set())
            return InvalidRequest(f"{in_words(place)} has an unknown field {shown(name)}.", help=suggest(name, valid))
        if match := MISSING_FIELD.fullmatch(message):
            name, place = match.groups(default="$")
            return InvalidRequest(f"{in_words(place)} has no '{name}'.", help=self.help)
        what, _, place = message.rpartition(" - at ")
        where = place.strip("`") if what else "$"
        choices = self._choices.get(place_of(where))
        help = f"valid ones are {', '.join(sorted(choices))}." if choices else self.help
        return InvalidRequest(f"{in_words(where)} is wrong: {what or message}.", help=help)

    def _explain_syntax(self, body: bytes, message: str) -> InvalidRequest:
        if not body:
            return InvalidRequest("The body is empty.", help=self.help)
        if match := LONE_SURROGATE.search(body):
            return InvalidRequest(
                f"The body has half of a surrogate pair, {match[0].decode()}, at byte {match.start()}.",
                help="send the text as UTF-8, or escape both halves.",
            )
        return InvalidRequest(f"The body is not JSON: {message.removeprefix('JSON is malformed: ')}.", help=self.help)


def names_in(kind: Any) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """The names of the fields, and the words to choose from, at each place of a kind of body (`""`, `".inputs"`)."""
    fields: dict[str, set[str]] = {}
    choices: dict[str, set[str]] = {}
    for one, place in all_parts(kind, ""):
        if isinstance(one, inspect.StructType):
            fields.setdefault(place, set()).update(field.encode_name for field in one.fields)
        if isinstance(one, inspect.LiteralType):
            choices.setdefault(place, set()).update(map(str, one.values))
    return fields, choices


def all_parts(kind: Any, place: str) -> Iterator[tuple[Any, str]]:
    yield kind, place
    for inner, there in parts_of(kind, place):
        yield from all_parts(inner, there)


def place_of(path: str) -> str:
    """`$.inputs[3].text` → `.inputs.text`."""
    return re.sub(r"\[\d+\]", "", path.removeprefix("$"))


def parts_of(kind: Any, place: str) -> list[tuple[Any, str]]:
    if isinstance(kind, inspect.StructType):
        return [(field.type, f"{place}.{field.encode_name}") for field in kind.fields]
    if isinstance(kind, inspect.Metadata):  # a field with a description
        return [(kind.type, place)]
    if isinstance(kind, inspect.UnionType):
        return [(one, place) for one in kind.types]
    if isinstance(kind, inspect.CollectionType):
        return [(kind.item_type, place)]
    return []


def explain_encoding(body: bytes) -> str:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return f"The body is not UTF-8: byte {error.start}."
    return "The body is not UTF-8."


def in_words(place: str) -> str:
    """`$` → `The body`, `$.inputs[3]` → `'inputs[3]'`."""
    return f"'{place.removeprefix('$.')}'" if place != "$" else "The body"

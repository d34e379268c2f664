"""Reading request bodies: bounded while they arrive, then decoded, with errors that say where."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec
from starlette.requests import Request

from dragoman.errors import BodyTooLarge, InvalidRequest
from dragoman.serving.suggestion import shown, suggest

__all__ = ["decode_body", "read_body"]

DISCARDED_LIMITS = 4
T = TypeVar("T", bound=msgspec.Struct)

EXAMPLE = """send UTF-8 JSON such as {"inputs": ["Where is my order?"]}."""
LONE_SURROGATE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(.*?)`(?: - at `(.*)`)?", re.DOTALL)
MISSING_FIELD = re.compile(r"Object missing required field `(.*?)`(?: - at `(.*)`)?")


async def read_body(request: Request, *, max_bytes: int) -> bytes:
    """The whole body. Raises `BodyTooLarge` if it has more than `max_bytes`, with or without a Content-Length.

    Of a body that is too large, as much again as a few limits is read and thrown away: a client that still sends when
    the answer comes sees a broken connection instead of the answer.
    """
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


def decode_body(body: bytes, decoder: msgspec.json.Decoder[T], *, fields: dict[str, tuple[str, ...]]) -> T:
    """Decode JSON. `fields` gives the valid names at each place (`""`, `".parameters"`, `".inputs"`).

    Raises `InvalidRequest` saying what is wrong and where.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise explain_mismatch(str(error), fields) from None
    except UnicodeDecodeError:
        raise explain_encoding(body) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise explain_syntax(body, str(error)) from None


def body_too_large(max_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body has more than {max_bytes} bytes.", help="send fewer or shorter texts at once.")


def explain_mismatch(message: str, fields: dict[str, tuple[str, ...]]) -> InvalidRequest:
    """JSON that is not a request: an unknown or missing field, or a value of the wrong type."""
    if match := UNKNOWN_FIELD.fullmatch(message):
        name, place = match.groups(default="$")
        valid = fields.get(re.sub(r"\[\d+\]", "", place.removeprefix("$")), ())
        return InvalidRequest(f"{in_words(place)} has an unknown field {shown(name)}.", help=suggest(name, valid))
    if match := MISSING_FIELD.fullmatch(message):
        name, place = match.groups(default="$")
        return InvalidRequest(f"{in_words(place)} has no '{name}'.", help=EXAMPLE)
    what, _, place = message.rpartition(" - at ")
    return InvalidRequest(f"{in_words(place.strip('`') if what else '$')} is wrong: {what or message}.", help=EXAMPLE)


def explain_encoding(body: bytes) -> InvalidRequest:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return InvalidRequest(f"The body is not UTF-8: byte {error.start}.", help=EXAMPLE)
    return InvalidRequest("The body is not UTF-8.", help=EXAMPLE)


def explain_syntax(body: bytes, message: str) -> InvalidRequest:
    if not body:
        return InvalidRequest("The body is empty.", help=EXAMPLE)
    if match := LONE_SURROGATE.search(body):
        return InvalidRequest(
            f"The body has half of a surrogate pair, {match[0].decode()}, at byte {match.start()}.",
            help="send the text as UTF-8, or escape both halves.",
        )
    return InvalidRequest(f"The body is not JSON: {message.removeprefix('JSON is malformed: ')}.", help=EXAMPLE)


def in_words(place: str) -> str:
    """`$` → `The body`, `$.inputs[3]` → `'inputs[3]'`."""
    return f"'{place.removeprefix('$.')}'" if place != "$" else "The body"

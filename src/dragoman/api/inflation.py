"""Bodies that arrive compressed: `Content-Encoding` of RFC 9110."""

from __future__ import annotations

import asyncio
import zlib

from starlette.datastructures import Headers

from dragoman.errors import BodyTooLarge, InvalidRequest, UnknownEncoding
from dragoman.serving.suggestion import shown

__all__ = ["ACCEPTED", "body_too_large", "coding_of", "inflated"]

ACCEPTED = ("gzip", "deflate")
ALIASES = {"x-gzip": "gzip", "identity": ""}  # RFC 9110, 8.4.1.3 and 12.5.3
GZIP, ZLIB, RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
INLINE_BYTES = 4_096  # compressed; more, which may become megabytes, is inflated in a thread
MOST_MEMBERS = 64  # streams that may follow each other in one gzip body


def coding_of(headers: Headers) -> str:
    """How a body is compressed: one of `ACCEPTED`, or "" for not at all. Raises `UnknownEncoding` for another."""
    named = [one.strip().lower() for line in headers.getlist("content-encoding") for one in line.split(",")]
    codings = [coding for one in named if (coding := ALIASES.get(one, one))]
    if not codings or (len(codings) == 1 and codings[0] in ACCEPTED):
        return codings[0] if codings else ""
    raise UnknownEncoding(
        f"The body has the content encoding {shown(', '.join(codings))}.",
        help=f"send it as it is, or compressed once, with {' or '.join(ACCEPTED)}.",
    )


async def inflated(body: bytes, coding: str, *, max_bytes: int) -> bytes:
    """The body as it was before it was compressed, of which at most `max_bytes` are ever in memory.

    Raises `BodyTooLarge` for more, and `InvalidRequest` for what is no stream, or not a whole one.
    """
    if not coding or not body:
        return body
    if len(body) > INLINE_BYTES:
        return await asyncio.to_thread(inflate, body, coding, max_bytes)
    return inflate(body, coding, max_bytes)


def inflate(body: bytes, coding: str, max_bytes: int) -> bytes:
    """What `inflated` gives."""
    found = b""
    for _ in range(MOST_MEMBERS):
        stream = zlib.decompressobj(window_of(body, coding))
        try:
            found += stream.decompress(body, max_bytes + 1 - len(found))
        except zlib.error as error:
            raise InvalidRequest(f"The body is not {coding}: {error}.", help="compress it again.") from None
        if len(found) > max_bytes:
            raise body_too_large(max_bytes)
        if not stream.eof:
            raise InvalidRequest(f"The body ends before its {coding} stream does.", help="send all of it.")
        body = stream.unused_data
        if not body:
            return found
        if coding != "gzip":
            break
    raise InvalidRequest(f"The body goes on after its {coding} stream.", help="compress it as one stream.")


def window_of(body: bytes, coding: str) -> int:
    """What `zlib` is told of a stream: "deflate" comes with zlib's header or, against the RFC, without."""
    if coding == "gzip":
        return GZIP
    has_header = body[0] & 0x0F == zlib.DEFLATED and int.from_bytes(body[:2]) % 31 == 0
    return ZLIB if has_header else RAW


def body_too_large(max_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body has more than {max_bytes} bytes.", help="send fewer or shorter texts at once.")

"""How counts are stored: msgpack, each array as bytes of its smallest width, all of it compressed."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from dragoman.errors import Untrusted

__all__ = ["Count", "StoredLanguage", "decode_languages", "encode_languages", "pack", "unpack"]

FORMAT = b"\x01"  # of the whole content; another one is refused
WIDTHS = (1, 2, 4, 8)  # bytes of a count
MOST_BYTES = 2**26  # of a content that is read: 2,000 languages
LEVEL = 6

Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Array = NDArray[np.int64]


class StoredLanguage(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Counts of one language as they lie in a store."""

    numbers: list[Count]
    errors: dict[str, Count]
    times: list[bytes]
    events: bytes


def encode_languages(languages: Mapping[str, StoredLanguage]) -> bytes:
    """The same bytes for the same counts, in whichever order they came."""
    return FORMAT + zlib.compress(msgspec.msgpack.encode(languages, order="deterministic"), LEVEL)


def decode_languages(content: bytes) -> dict[str, StoredLanguage]:
    """What `encode_languages` wrote. Raises `Untrusted` for anything else."""
    if content[:1] != FORMAT:
        raise _refusal(f"they begin with {content[:1]!r} and not with {FORMAT!r}")
    try:
        opened = zlib.decompressobj()
        plain = opened.decompress(content[1:], MOST_BYTES)
        if not opened.eof or opened.unused_data:
            raise _refusal("they are cut, too long, or followed by something else")
        return msgspec.msgpack.decode(plain, type=dict[str, StoredLanguage])
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _refusal(str(error)) from None


def pack(counts: Array) -> bytes:
    """Counts as one byte that says their width, and the bytes of each. Raises nothing for counts from 0 on."""
    most = int(counts.max(initial=0))
    width = next(width for width in WIDTHS if width == WIDTHS[-1] or most < 1 << 8 * width)
    return bytes([width]) + counts.astype(f"<u{width}").tobytes()


def unpack(packed: bytes, shape: tuple[int, ...]) -> Array:
    """What `pack` wrote. Raises `Untrusted` for another width or shape, and for counts below zero."""
    width = packed[0] if packed else 0
    if width not in WIDTHS or len(packed) != 1 + width * int(np.prod(shape)):
        raise _refusal(f"an array of {len(packed)} bytes is not of shape {shape}")
    counts = np.frombuffer(packed, dtype=f"<u{width}", offset=1).reshape(shape).astype(np.int64)
    if counts.min(initial=0) < 0:
        raise _refusal("a count is too large")
    return counts


def _refusal(why: str) -> Untrusted:
    return Untrusted(
        f"Stored counts of requests cannot be read: {why}.",
        help="They were damaged, or written by another version of Dragoman.",
    )

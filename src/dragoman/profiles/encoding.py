"""A profile as bytes, and back."""

from __future__ import annotations

import zlib
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from dragoman.errors import Untrusted
from dragoman.profiles.probe import DIRECTIONS
from dragoman.profiles.shape import Shape
from dragoman.records import Record

__all__ = ["Stored", "empty", "pack", "unpack"]

FORMAT = 1
MOST_BYTES = 2**26  # unpacked: thousands of languages
WIDTHS = ("<u1", "<u2", "<u4", "<i8")

Ints = NDArray[np.int64]


class Stored(NamedTuple):
    """What a profile consists of."""

    digest: str  # of its reference
    shape: Shape
    mix: Ints  # [languages of the mix]
    counts: Ints  # [bins of all signals of all languages]
    features: Ints  # [languages with features, 32]

    @property
    def arrays(self) -> tuple[Ints, Ints, Ints]:
        return self.mix, self.counts, self.features


class _Numbers(Record, frozen=True, kw_only=True):
    """Whole numbers, in as few bytes as the largest needs."""

    width: str
    data: bytes


class _Content(Record, frozen=True, kw_only=True):
    format: int
    digest: str
    shape: Shape
    mix: _Numbers
    counts: _Numbers
    features: _Numbers


def empty(digest: str, shape: Shape) -> Stored:
    """Nothing was counted yet."""
    sizes = len(shape.mix), shape.size, (len(shape.features), 2 * DIRECTIONS)
    return Stored(digest, shape, *(np.zeros(size, dtype=np.int64) for size in sizes))


def pack(stored: Stored) -> bytes:
    """Sparse counts become few bytes: zeros are what zlib packs best."""
    mix, counts, features = map(_narrow, stored.arrays)
    content = _Content(
        format=FORMAT, digest=stored.digest, shape=stored.shape, mix=mix, counts=counts, features=features
    )
    return zlib.compress(msgspec.msgpack.encode(content))


def unpack(content: bytes) -> Stored:
    """Raises `Untrusted` for anything that `pack` did not give."""
    try:
        return _read(msgspec.msgpack.decode(_inflate(content), type=_Content))
    except (zlib.error, ValueError, TypeError) as error:
        raise Untrusted(f"These bytes are no profile: {error}.", help="Delete them; others are not affected.") from None


def _inflate(content: bytes) -> bytes:
    unzip = zlib.decompressobj()
    plain = unzip.decompress(content, MOST_BYTES)
    if not unzip.eof or unzip.unused_data:
        raise ValueError("they are cut, too many, or have something behind them")
    return plain


def _read(content: _Content) -> Stored:
    if content.format != FORMAT or not content.shape.is_sound():
        raise ValueError(f"format {content.format}, or a shape that no reference has")
    shape = content.shape
    features = _widen(content.features, len(shape.features) * 2 * DIRECTIONS).reshape(-1, 2 * DIRECTIONS)
    mix, counts = _widen(content.mix, len(shape.mix)), _widen(content.counts, shape.size)
    if min(mix.min(initial=0), counts.min(initial=0)) < 0:
        raise ValueError("counts are below zero")
    return Stored(content.digest, shape, mix, counts, features)


def _narrow(numbers: Ints) -> _Numbers:
    low, high = numbers.min(initial=0), numbers.max(initial=0)
    width = next(
        width for width in WIDTHS if np.iinfo(np.dtype(width)).min <= low and high <= np.iinfo(np.dtype(width)).max
    )
    return _Numbers(width=width, data=numbers.astype(width).tobytes())


def _widen(numbers: _Numbers, size: int) -> Ints:
    if numbers.width not in WIDTHS:
        raise ValueError(f"numbers of {numbers.width!r}")
    found = np.frombuffer(numbers.data, dtype=numbers.width).astype(np.int64)
    if len(found) != size:
        raise ValueError(f"{len(found)} numbers in place of {size}")
    return found

"""The two parts of an online row as bytes: what is read while a request waits, and what the next event needs."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from dragoman.errors import Untrusted
from dragoman.features.online.history import Version
from dragoman.store.online import Row

__all__ = ["Kept", "Served", "read_kept", "read_served", "times_of", "write_row"]


class Served(msgspec.Struct, array_like=True, frozen=True):
    """The answers of every aggregate, for every window that ends from `since` on and before `until`."""

    since: int
    until: int | None  # when another version begins to count
    times: bytes  # of the events that windows may hold, ascending
    windowed: Sequence[Sequence[Any]]  # series, packed
    lasting: Sequence[Any]  # answers

    @property
    def moments(self) -> Sequence[int]:
        """The times as numbers."""
        return memoryview(self.times).cast("q")


class Kept(NamedTuple):
    """The versions that may still count, and what the older ones left."""

    versions: Sequence[Version]
    base: Sequence[Any]
    since: int


class _Columns(msgspec.Struct, array_like=True, frozen=True):
    """The same, by column."""

    since: int
    base: list[Any]
    times: bytes
    available: bytes  # empty where it is the time of every event
    ids: list[str | None] | None
    pushed: list[int]  # places
    values: list[list[Any]]


ENCODER = msgspec.msgpack.Encoder()
SERVED = msgspec.msgpack.Decoder(Served)
KEPT = msgspec.msgpack.Decoder(_Columns)


def times_of(versions: Sequence[Version]) -> bytes:
    """The times of events."""
    return array("q", [one.time for one in versions]).tobytes()


def write_row(served: Served, kept: Kept) -> Row:
    """Both parts as bytes."""
    versions = kept.versions
    available = array("q", [one.available for one in versions]).tobytes()
    times = times_of(versions)
    columns = _Columns(
        since=kept.since,
        base=list(kept.base),
        times=times,
        available=b"" if available == times else available,
        ids=[one.id for one in versions] if any(one.id is not None for one in versions) else None,
        pushed=[place for place, one in enumerate(versions) if one.pushed],
        values=[list(column) for column in zip(*(one.values for one in versions), strict=True)],
    )
    return Row(ENCODER.encode(served), ENCODER.encode(columns))


def read_served(data: bytes) -> Served:
    """The part for readers. Raises `Untrusted` for one that cannot be read."""
    try:
        return SERVED.decode(data)
    except msgspec.DecodeError as error:
        raise _unreadable(error) from None


def read_kept(data: bytes) -> Kept:
    """The part for writers. Raises as `read_served` does."""
    try:
        columns = KEPT.decode(data)
    except msgspec.DecodeError as error:
        raise _unreadable(error) from None
    times = array("q", columns.times)
    available = array("q", columns.available) if columns.available else times
    ids = columns.ids or [None] * len(times)
    pushed, values = set(columns.pushed), zip(*columns.values, strict=True)
    versions = [
        Version(time, known, id, place in pushed, tuple(row))
        for place, (time, known, id, row) in enumerate(zip(times, available, ids, values, strict=True))
    ]
    return Kept(versions, columns.base, columns.since)


def _unreadable(error: Exception) -> Untrusted:
    return Untrusted(
        f"An online row cannot be read: {error}.",
        help="Use the release that wrote it, or run `dragoman features materialize --full`.",
    )

"""Which rows of a view serve, how far they have come, and which are being made: a row of the online store itself.

The rows of one definition lie under a generation. A whole rebuild makes the next generation beside the one that serves,
and the mark's change from one to the other is the moment when readers see it.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from dragoman.errors import Untrusted
from dragoman.records import AppliedView, Record
from dragoman.store.online import Pair, Row

__all__ = [
    "MARKS",
    "Building",
    "Latest",
    "Mark",
    "decoded",
    "encoded",
    "latest_of",
    "mark_of",
    "namespace_of",
    "newest_of",
]

MARKS = "views"  # the namespace of marks

Kind = TypeVar("Kind", bound=Record)


class Building(Record, frozen=True, kw_only=True):
    """A generation that is not whole yet."""

    generation: int
    number: int  # of the source's version
    cursor: str | None = None  # the last key that is done


class Mark(Record, frozen=True, kw_only=True):
    """Where the rows of one definition are."""

    generation: int = 0  # whose rows serve; 0: none was made whole
    number: int | None = None  # of the source's version that they know; None: they are of pushed events only
    available: int | None = None  # the newest available time of that version
    written: int = 0  # when they were brought up to date
    rows: int = 0  # entities, then
    building: Building | None = None
    builder: str = ""  # who materializes, or was the last to


class Latest(Record, frozen=True, kw_only=True):
    """The newest of what was pushed. It has a row of its own, so that those who push do not wait for one another."""

    available: int
    written: int


def mark_of(view: AppliedView) -> Pair:
    """Where the mark of a view's definition lies."""
    return MARKS, f"{view.name}@{view.digest}"


def latest_of(view: AppliedView) -> Pair:
    """Where `Latest` lies."""
    return MARKS, f"{view.name}@{view.digest}/pushed"


def namespace_of(view: AppliedView, generation: int | str) -> str:
    """Where the rows of a generation lie."""
    return f"{view.name}@{view.digest}/{generation}"


def encoded(record: Record) -> Row:
    """A record as a row."""
    return Row(msgspec.msgpack.encode(record))


def decoded(served: bytes | None, kind: type[Kind]) -> Kind | None:
    """The record of a row. Raises `Untrusted` for one that cannot be read."""
    if served is None:
        return None
    try:
        return msgspec.msgpack.decode(served, type=kind)
    except msgspec.DecodeError as error:
        raise Untrusted(
            f"The online store holds a {kind.__name__} that cannot be read: {error}.",
            help="Use the release that wrote it, or remove the store and materialize the views again.",
        ) from None


def newest_of(mark: Mark, latest: Latest | None) -> int | None:
    """The newest available time that the rows know, in microseconds; None where they know no event."""
    known = [mark.available, latest.available if latest else None]
    return max((moment for moment in known if moment is not None), default=None)

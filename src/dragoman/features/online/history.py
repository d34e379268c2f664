"""The events of one entity that still matter: as long as a window may hold them, or a version of them may come."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

__all__ = ["Version", "counted", "insert", "latest_change", "next_change", "resolved"]


class Version(NamedTuple):
    """What one row of the source says of an event. Moments are microseconds since 1970 in UTC."""

    time: int
    available: int
    id: str | None  # versions of one event have the same
    pushed: bool  # whether it came by itself, and not from the source
    values: tuple[Any, ...]  # of what is aggregated, by place

    @property
    def known(self) -> int:
        """The first moment at which it can count."""
        return max(self.time, self.available)


def insert(versions: list[Version], one: Version) -> bool:
    """Add a version to those in order of time, then availability, then arrival; False if it changes nothing.

    Of two with the same id and available time the later one stays. One without an id is an event of its own.
    """
    for place, other in enumerate(versions if one.id is not None else ()):
        if other.id == one.id and other.available == one.available:
            if other[:3] + other[4:] == one[:3] + one[4:]:
                return False
            del versions[place]
            break
    versions.insert(bisect_right(versions, _order(one), key=_order), one)
    return True


def resolved(versions: Sequence[Version], moment: int) -> list[Version]:
    """Without those that another version has replaced as of a moment; later ones stay."""
    newest: dict[str, int] = {}
    for one in versions:
        if one.id is not None and one.available <= moment:
            newest[one.id] = max(newest.get(one.id, one.available), one.available)
    if not newest:
        return [*versions]
    return [one for one in versions if one.id is None or one.available >= newest.get(one.id, one.available)]


def counted(versions: Sequence[Version], moment: int) -> list[Version]:
    """Those that count at a moment, in any window that is long enough."""
    return [one for one in resolved(versions, moment) if one.available <= moment and one.time <= moment]


def next_change(versions: Iterable[Version], moment: int) -> int | None:
    """The next moment at which another version counts, other than by the end of a window; None if none will."""
    return min(
        (one.available if one.available > moment else one.time for one in versions if one.known > moment), default=None
    )


def latest_change(versions: Iterable[Version], moment: int) -> int | None:
    """The latest moment, up to this one, at which a version began to count."""
    return max((one.known for one in versions if one.known <= moment), default=None)


def _order(one: Version) -> tuple[int, int]:
    return one.time, one.available

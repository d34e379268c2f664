"""Time zones as tables: when the difference from UTC changed, and to what."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from dragoman.errors import InvalidSpec
from dragoman.features.expressions.nearest import nearest

__all__ = ["Offsets", "offset_sql", "offsets_of", "require_zone"]

FIRST, LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
STEP = timedelta(days=2)  # no zone has changed and changed back within less
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000


@dataclass(frozen=True)
class Offsets:
    """Differences of a zone from UTC, in microseconds: `values[0]` before the first change, `values[i]` from the i-th.

    Changes before 1900 and from 2100 on are left out.
    """

    changes: tuple[int, ...]
    values: tuple[int, ...]

    def at(self, moment: int) -> int:
        return self.values[bisect_right(self.changes, moment)]


def require_zone(zone: str) -> str:
    """The name, if there is such a zone. Raises `InvalidSpec`."""
    _info(zone)
    return zone


@lru_cache(maxsize=64)
def offsets_of(zone: str) -> Offsets:
    """The table of a zone, from the machine's IANA database. Raises `InvalidSpec` for a zone that is not in it."""
    info = _info(zone)
    changes: list[int] = []
    values = [_offset(info, FIRST)]
    at = FIRST
    while at < LAST:
        after = at + STEP
        if _offset(info, after) != values[-1]:
            after = _change(info, at, after)
            changes.append((after - EPOCH) // timedelta(microseconds=1))
            values.append(_offset(info, after))
        at = after
    return Offsets(tuple(changes), tuple(values))


def offset_sql(zone: str, moment: str) -> str:
    """The difference at a moment as SQL; `moment` stands in it five times.

    Time is cut into pieces as long as the shortest time between two changes, so that no piece has two of them. Lists
    tell of each piece when its change is, and the differences before and after.
    """
    table = offsets_of(zone)
    if not table.changes:
        return str(table.values[0])
    start, size = table.changes[0], min((b - a for a, b in pairwise(table.changes)), default=1)
    pieces = [_piece(table, at, size) for at in range(start, table.changes[-1] + 1, size)]
    place = f"(least(greatest({moment} - ({start}), 0) // {size}, {len(pieces) - 1}) + 1)"
    change, before, after = (
        f"list_extract([{', '.join(str(one // SECOND) for one in values)}], {place})"
        for values in zip(*pieces, strict=True)
    )
    second = f"'{SECOND}'::BIGINT"
    return f"(CASE WHEN {moment} < {change} * {second} THEN {before} ELSE {after} END * {second})"


def _piece(table: Offsets, start: int, size: int) -> tuple[int, int, int]:
    """The change in a piece of time, the difference before it, and that after it."""
    place = bisect_right(table.changes, start - 1)
    has_change = place < len(table.changes) and table.changes[place] < start + size
    change = table.changes[place] if has_change else start
    return change, table.values[place], table.values[place + has_change]


def _info(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        pass
    known = available_timezones()
    if not known:
        raise InvalidSpec("This machine has no time zones.", help="Install the package tzdata.")
    raise InvalidSpec(f"There is no time zone {zone!r}.", help=nearest(str(zone), known))


def _change(info: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second at which the offset is not that of `before`."""
    old = _offset(info, before)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        before, after = (middle, after) if _offset(info, middle) == old else (before, middle)
    return after


def _offset(info: ZoneInfo, at: datetime) -> int:
    found = at.astimezone(info).utcoffset() or timedelta()
    return (found.days * 86_400 + found.seconds) * SECOND

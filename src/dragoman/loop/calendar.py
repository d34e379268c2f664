"""When a training may begin: days of the week and hours, in UTC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

__all__ = ["is_open", "next_opening"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WHOLE_DAY = "00:00-24:00"


def is_open(entries: Sequence[str], now: float) -> bool:
    """Whether one of the entries holds `now`, in seconds since 1970. Without any entry it is always open."""
    return not entries or any(start <= now < end for start, end in _spans(entries, now))


def next_opening(entries: Sequence[str], now: float) -> float:
    """When the next span begins after `now`; there is at least one entry."""
    return min(start for start, _ in _spans(entries, now) if start > now)


def _spans(entries: Sequence[str], now: float) -> Iterator[tuple[float, float]]:
    """Every span that begins from a day before `now` until more than a week after it."""
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for entry in entries:
        days, start, end = _parsed(entry)
        for day in (today + timedelta(days=offset) for offset in range(-1, 9)):
            if day.weekday() in days:
                yield (day + start).timestamp(), (day + end).timestamp()


def _parsed(entry: str) -> tuple[frozenset[int], timedelta, timedelta]:
    """Days of the week, and begin and end from midnight on; hours that run over midnight end on the next day."""
    named, _, hours = entry.rpartition(" ")
    if ":" not in hours:
        named, hours = hours, WHOLE_DAY
    start, end = (_since_midnight(part) for part in hours.split("-"))
    return _days(named), start, end if end > start else end + timedelta(days=1)


def _days(named: str) -> frozenset[int]:
    if not named:
        return frozenset(range(7))
    first, _, last = named.partition("-")
    start, end = DAYS.index(first), DAYS.index(last or first)
    return frozenset((start + offset) % 7 for offset in range((end - start) % 7 + 1))


def _since_midnight(hour: str) -> timedelta:
    hours, minutes = hour.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))

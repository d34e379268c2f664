"""Buckets of time: which one a moment is in, and how its start is written."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["bucket_of", "seconds_of", "stamp"]


def stamp(seconds: float) -> str:
    """Seconds since 1970 as "2026-11-23T05:00:00Z": such times compare like texts."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(time: str) -> float:
    """The seconds since 1970 of a time in ISO 8601; without a zone it is UTC. Raises `ValueError`."""
    moment = datetime.fromisoformat(time)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def bucket_of(seconds: float, *, minutes: int) -> str:
    """The start of the bucket of so many minutes that a moment is in. Buckets are counted from 1970 on."""
    length = 60 * minutes
    return stamp(seconds // length * length)

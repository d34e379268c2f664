"""Times as review writes them: they compare like texts."""

from __future__ import annotations

from datetime import UTC, datetime

from dragoman import clock

__all__ = ["utc_now", "written"]


def utc_now() -> datetime:
    return clock.utc()


def written(time: datetime) -> str:
    """In UTC, with milliseconds, as the prediction log and the labels have them."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds")

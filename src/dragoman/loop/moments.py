"""Moments of the loop, as jobs have them."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["written"]


def written(seconds: float) -> str:
    """Seconds since 1970 in UTC, with milliseconds, as `clock.written` has them: such texts compare like times."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

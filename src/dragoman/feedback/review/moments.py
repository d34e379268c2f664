"""Times as review writes them: they compare like texts."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["written"]


def written(time: datetime) -> str:
    """In UTC, with milliseconds, as the prediction log and the labels have them."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds")

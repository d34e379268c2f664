"""Times as the catalog keeps them: texts in UTC with milliseconds, that compare as they follow each other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["later", "moment_of", "seconds_between", "written"]


def written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


def later(text: str, *, seconds: float) -> str:
    return written(moment_of(text) + timedelta(seconds=seconds))


def seconds_between(start: str, end: str) -> float:
    """Negative where `end` is before `start`."""
    return (moment_of(end) - moment_of(start)).total_seconds()

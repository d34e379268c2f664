"""One label as a file gives it, before it is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

__all__ = ["Given", "Unread", "time_text"]


class Given(NamedTuple):
    """A label of a file; what the file leaves out is empty."""

    place: str  # "line 3", "task 7"
    prediction_id: str
    label: str
    source: str = ""
    time: str = ""
    labeler: str = ""


class Unread(NamedTuple):
    """A place of a file that gives no label, what is wrong, and what to do."""

    place: str
    text: str
    help: str


def time_text(time: datetime) -> str:
    """A time with a zone as labels are kept with it: UTC, ISO 8601, with milliseconds."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds")

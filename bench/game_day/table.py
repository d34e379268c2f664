"""The day as text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from bench.game_day.course import Course
from bench.game_day.journal import Journal
from bench.game_day.place import BEGIN

__all__ = ["MEASURES", "hours", "moment", "spans", "timeline"]

WIDTH = 150
MEASURES = (
    ("to detect", "changed", "noticed", "drift in both languages"),
    ("to estimate", "changed", "estimated", "expected accuracy fell, before labels"),
    ("to confirm", "changed", "confirmed", "accuracy fell, by labels"),
    ("to decide", "changed", "decided", "the decision to train"),
    ("to train", "decided", "trained", "trained, compared, release begun"),
    ("to release", "trained", "promoted", "from the release's begin to the promotion"),
    ("to recover", "changed", "recovered", "a whole day as good as before, by what users wanted"),
    ("to see it", "changed", "seen", "labels say so"),
)


def timeline(journal: Journal, course: Course) -> Iterator[str]:
    """What happened, then how long things took. Times are rehearsed."""
    yield ""
    for event in journal.events():
        text = event.text if len(event.text) <= WIDTH else event.text[: WIDTH - 1] + "…"
        yield f"{moment(event.time)}  {text}"
    yield ""
    for name, span, meaning in spans(course):
        yield f"{name:12} {span:>9}  {meaning}"
    yield ""


def spans(course: Course) -> Iterator[tuple[str, str, str]]:
    """Name, length and meaning of everything that is measured from one moment to another."""
    for name, start, end, meaning in MEASURES:
        begun, ended = getattr(course, start), getattr(course, end)
        yield name, "never" if None in (begun, ended) else hours(ended - begun), meaning


def moment(time: float) -> str:
    """The day, counted from 1, and the time of day."""
    day = int((time - BEGIN) // 86_400) + 1
    return f"day {day:2} {datetime.fromtimestamp(time, UTC):%H:%M}"


def hours(seconds: float) -> str:
    return f"{seconds / 3_600:.1f} h" if abs(seconds) < 2 * 86_400 else f"{seconds / 86_400:.1f} d"

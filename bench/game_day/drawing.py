"""Quality over time as SVG: lines, bands of intervals, and marks of what happened."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import NamedTuple, Self

from bench.game_day.course import Course, right_share
from bench.game_day.director import DAY, SLOT_SECONDS
from bench.game_day.journal import Asked, Journal, Measured
from bench.game_day.place import BEGIN

__all__ = ["Frame", "drawing", "small"]

WIDTH, HEIGHT = 1_000.0, 230.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 10.0, 40.0, 22.0
LOWEST = 0.3  # of the axis of quality
STEP = 6  # slots of a point of the line of truth
NAMES = {
    "changed": "change",
    "noticed": "drift",
    "estimated": "estimated",
    "confirmed": "confirmed",
    "decided": "decision",
    "released": "first users",
    "promoted": "promoted",
    "recovered": "recovered",
}
ROWS = 3  # of labels of marks, so that neighbours do not cover each other
CLOSE = 70.0  # units between two labels of one row, at least

Point = tuple[float, float]


class Frame(NamedTuple):
    """What is drawn, and the scale."""

    asked: Sequence[Asked]
    measured: Sequence[Measured]
    marks: Sequence[tuple[float, str]]
    languages: Sequence[str]
    end: float

    @classmethod
    def of(cls, journal: Journal, course: Course) -> Self:
        asked = journal.asked()
        found = [(getattr(course, name), label) for name, label in NAMES.items()]
        marks = sorted((time, label) for time, label in found if time is not None)
        languages = sorted({one.language for one in asked})
        times = [one.time for one in asked] + [time for time, _ in marks]
        return cls(asked, journal.measured(), marks, languages, max(times, default=BEGIN) + SLOT_SECONDS)

    def x(self, time: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (time - BEGIN) / (self.end - BEGIN)

    def truth(self, language: str) -> list[Point]:
        """The share of right answers, half a day at a time; its time is that of the middle."""
        mine = [one for one in self.asked if one.language == language]
        groups: dict[int, list[Asked]] = {}
        for one in mine:
            groups.setdefault(one.slot // STEP, []).append(one)
        return [
            (BEGIN + (number + 0.5) * STEP * SLOT_SECONDS, right_share(rows).value)
            for number, rows in sorted(groups.items())
        ]

    def known(self, language: str, kind: str, version: str) -> list[Measured]:
        return [one for one in self.measured if (one.language, one.kind, one.version) == (language, kind, version)]


def y(value: float, height: float = HEIGHT) -> float:
    share = (min(1.0, max(LOWEST, value)) - LOWEST) / (1 - LOWEST)
    return height - BOTTOM - share * (height - TOP - BOTTOM)


def drawing(frame: Frame, language: str) -> str:
    """One language, large."""
    label = f"Quality of answers in {language}"
    parts = [f'<h3>{language}</h3><svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-label="{label}">']
    parts += [*axes(frame), *marks(frame)]
    for version in ("1", "2"):
        parts.append(band(frame, frame.known(language, "accuracy", version)))
        for kind in ("expected", "accuracy"):
            points = [(one.time, one.value) for one in frame.known(language, kind, version)]
            parts.append(line(frame, points, kind))
    parts.append(line(frame, frame.truth(language), "true"))
    return "".join([*parts, "</svg>"])


def axes(frame: Frame) -> Iterator[str]:
    for value in (0.4, 0.6, 0.8, 1.0):
        yield (
            f'<line x1="{LEFT:g}" x2="{WIDTH - RIGHT:g}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="var(--line)"/>'
            f'<text x="4" y="{y(value) + 4:.1f}">{value:.0%}</text>'
        )
    days = math.floor((frame.end - BEGIN) / (DAY * SLOT_SECONDS))
    for day in range(0, days + 1, 2):
        yield f'<text x="{frame.x(BEGIN + day * DAY * SLOT_SECONDS):.1f}" y="{HEIGHT - 5:g}">day {day + 1}</text>'


def marks(frame: Frame) -> Iterator[str]:
    ends = [-CLOSE] * ROWS
    for time, label in frame.marks:
        place = frame.x(time)
        row = next((row for row, end in enumerate(ends) if place - end >= CLOSE), ROWS - 1)
        ends[row] = place
        height = 11 + 12 * row
        anchor = "end" if place > WIDTH - CLOSE else "start"
        yield (
            f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{height:g}" y2="{HEIGHT - BOTTOM:g}" stroke="var(--soft)" '
            f'stroke-dasharray="2 3"/><text x="{place + (3 if anchor == "start" else -3):.1f}" y="{height:g}" '
            f'text-anchor="{anchor}">{escape(label)}</text>'
        )


def line(frame: Frame, points: Iterable[Point], color: str, *, height: float = HEIGHT) -> str:
    path = " ".join(f"{frame.x(time):.1f},{y(value, height):.1f}" for time, value in points)
    return f'<polyline points="{path}" fill="none" stroke="var(--{color})" stroke-width="2"/>' if path else ""


def band(frame: Frame, measured: Sequence[Measured]) -> str:
    """The intervals of measurements, as one area."""
    upper = [f"{frame.x(one.time):.1f},{y(one.high):.1f}" for one in measured]
    lower = [f"{frame.x(one.time):.1f},{y(one.low):.1f}" for one in reversed(measured)]
    return f'<polygon points="{" ".join([*upper, *lower])}" fill="var(--accuracy)" opacity="0.15"/>' if upper else ""


def small(frame: Frame, language: str) -> str:
    """One language, its line of truth alone."""
    label = f"Right answers in {language}"
    path = line(frame, frame.truth(language), "true").replace('stroke-width="2"', 'stroke-width="6"')
    share = right_share(one for one in frame.asked if one.language == language)
    return (
        f'<div><b>{language}</b> <span class="soft">{share.value:.0%} of {share.of:,}</span>'
        f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-label="{label}">{path}</svg></div>'
    )

"""Values and bounds of a contract, read as the type of their column says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from dragoman.errors import InvalidSpec

__all__ = ["Span", "read_bound", "read_value", "span_of"]

IN_WORDS = {
    "string": "a string in quotes",
    "integer": "an integer of 64 bits",
    "number": "a finite number",
    "boolean": "true or false",
    "time": "an ISO 8601 time",
}
LARGEST = 2**63 - 1


class Span(NamedTuple):
    """What values may lie between; without an end where it is None."""

    low: Any = None
    high: Any = None
    low_counts: bool = True  # whether the end itself is inside
    high_counts: bool = True

    def holds(self, value: Any) -> bool:
        above = self.low is None or value > self.low or (self.low_counts and value == self.low)
        return above and (self.high is None or value < self.high or (self.high_counts and value == self.high))

    @property
    def is_empty(self) -> bool:
        if self.low is None or self.high is None:
            return False
        return bool(self.low > self.high) or (self.low == self.high and not (self.low_counts and self.high_counts))


def read_value(value: Any, type: str, place: str) -> Any:
    """A value of a set: the value itself, a time as `datetime` in UTC. Raises `InvalidSpec` for one of another type."""
    if type == "time":
        return _read_time(value, place)
    if _is_of(type, value) and (type != "number" or float(value) == value):  # no float is 2**53 + 1
        return value
    raise InvalidSpec(f"{place} has {value!r}; the column's type is {type}.", help=f"Write {IN_WORDS[type]}.")


def read_bound(value: Any, type: str, place: str) -> Any:
    """A bound: a finite number for integers and numbers, `datetime` in UTC for times. Raises `InvalidSpec`."""
    if type == "time":
        return _read_time(value, place)
    if type not in ("integer", "number"):
        raise InvalidSpec(
            f"{place} is for integers, numbers and times, and the type is {type}.",
            help="Remove the key, or change the type.",
        )
    if _is_of("number", value):
        return value
    raise InvalidSpec(f"{place} is {value!r}; the column's type is {type}.", help=f"Write {IN_WORDS['number']}.")


def span_of(type: str, bounds: Mapping[str, Any], place: str) -> Span | None:
    """The span of the bounds `min`, `max`, `above` and `below`; None without any.

    Raises `InvalidSpec` for bounds of a wrong type, and if nothing lies between them.
    """
    if not bounds:
        return None
    read = {key: read_bound(value, type, f"{place}: '{key}'") for key, value in bounds.items()}
    span = Span()
    for key, value in read.items():
        span = _narrowed(span, key, value)
    if span.is_empty or (type == "integer" and _holds_no_integer(span)):
        named = " and ".join(f"'{key}' = {value!r}" for key, value in bounds.items())
        raise InvalidSpec(f"{place}: no value fits {named}.", help="Change one of them.")
    return span


def _narrowed(span: Span, key: str, value: Any) -> Span:
    counts = key in ("min", "max")
    if key in ("min", "above"):
        if span.low is None or value > span.low or (value == span.low and not counts):
            return span._replace(low=value, low_counts=counts)
    elif span.high is None or value < span.high or (value == span.high and not counts):
        return span._replace(high=value, high_counts=counts)
    return span


def _holds_no_integer(span: Span) -> bool:
    if span.low is None or span.high is None:
        return False
    least = math.ceil(span.low) if span.low_counts else math.floor(span.low) + 1
    return not span.holds(least)


def _is_of(type: str, value: Any) -> bool:
    if isinstance(value, bool):
        return type == "boolean"
    if type == "integer":
        return isinstance(value, int) and -LARGEST - 1 <= value <= LARGEST
    if type == "number":
        return isinstance(value, (int, float)) and abs(value) <= LARGEST_NUMBER
    return type == "string" and isinstance(value, str)


LARGEST_NUMBER = 1.7976931348623157e308


def _read_time(value: Any, place: str) -> datetime:
    try:
        time = datetime.fromisoformat(value)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise InvalidSpec(f"{place} is {value!r}.", help=f"Write {IN_WORDS['time']}: 2026-11-23T05:00:00Z.") from None

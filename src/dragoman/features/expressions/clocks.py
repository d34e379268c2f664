"""What a clock and a calendar say, and how long ago something was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from dragoman.features.expressions.function import Function, Overload, RowFunction
from dragoman.features.expressions.sql_once import once
from dragoman.features.expressions.types import Constant
from dragoman.features.expressions.zones import offset_sql, offsets_of

__all__ = ["CLOCKS"]

HOUR, DAY = 3_600_000_000, 86_400_000_000  # microseconds
FIRST_DAY = 719_162  # days from 0001-01-01 to 1970-01-01
SHIFT = 719_166  # days, a multiple of 7 that makes every moment positive
CYCLE = 146_097  # days in which the calendar of 400 years comes again


def _hour(local: int) -> int:
    return local % DAY // HOUR


def _weekday(local: int) -> int:
    return (local // DAY + 3) % 7


def _day(local: int) -> int:
    return _date(local).day


def _month(local: int) -> int:
    return _date(local).month


def _date(local: int) -> date:
    """A date with the same month and day: that of the same place in the first 400 years."""
    return date.fromordinal((local // DAY + FIRST_DAY) % CYCLE + 1)


def _clock(name: str, sql: str, compute: Callable[[int], int]) -> Function:
    """A part of the local time. `{}` is the local moment in microseconds."""

    def write(arguments: Sequence[str], constants: Sequence[Constant]) -> str:
        zone = str(constants[0])
        local = arguments[0] if zone == "UTC" else once(arguments[0], lambda at: f"({at} + {offset_sql(zone, at)})")
        return f"CAST({sql.format(local)} AS BIGINT)"

    def row(constants: Sequence[Constant]) -> RowFunction:
        if constants[0] == "UTC":
            return compute
        offset = offsets_of(str(constants[0])).at
        return lambda moment: compute(moment + offset(moment))

    return Function(name, (Overload(("time",), "integer", write, row, constants="string"),))


def _since(name: str, unit: int) -> Function:
    """The last argument, which the compilers add, is the time of asking."""
    size = float(unit)

    def compute(moment: int, now: int) -> float:
        return float(now - moment) / size

    return Function(
        name,
        (
            Overload(
                ("time",),
                "number",
                lambda a, _: f"(CAST({a[1]} - {a[0]} AS DOUBLE) / '{size!r}'::DOUBLE)",
                lambda _: compute,
            ),
        ),
        outside=True,
    )


CLOCKS = (
    _clock("hour", f"(({{}} + {SHIFT * DAY}) % {DAY}) // {HOUR}", _hour),
    _clock("weekday", f"(({{}} + {SHIFT * DAY}) // {DAY} + 3) % 7", _weekday),
    _clock("day", "day(make_timestamp({}))", _day),
    _clock("month", "month(make_timestamp({}))", _month),
    _since("hours_since", HOUR),
    _since("days_since", DAY),
)

"""Moments and lengths of time: microseconds since 1970 in UTC, and microseconds."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from dragoman.errors import InvalidData, InvalidInput
from dragoman.spec.contracts import ColumnSpec
from dragoman.spec.durations import SECOND, UNITS, microseconds_of

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["SECOND", "length_of", "length_text", "moment_of", "moments_of", "text_of"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HELP = "Give times, dates, or ISO 8601 text such as 2026-03-01T12:00:00+01:00."


def length_of(text: str, *, what: str = "The length of time") -> int:
    """Microseconds of a length such as "30d": a whole number with s, min, h, d or w. Raises `InvalidInput`."""
    length = microseconds_of(text) if isinstance(text, str) else None
    if length is None:
        raise InvalidInput(f"{what} is {text!r}.", help='Write a whole number and s, min, h, d or w: "90min", "30d".')
    return length


def length_text(length: int) -> str:
    """A length in microseconds as `length_of` reads it, with the largest unit that divides it."""
    unit = next(unit for unit in reversed(UNITS) if length % UNITS[unit] == 0)
    return f"{length // UNITS[unit]}{unit}"


def moment_of(value: Any) -> int | None:
    """The moment that a value names: a time, a date, or ISO 8601 text; without a zone it is UTC. None for None.

    Raises `InvalidData` for anything else; a number could be seconds, milliseconds or microseconds.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return _read(value)
    if not isinstance(value, date):
        raise InvalidData(f"{value!r} is no time.", help=HELP)
    found = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
    passed = (found if found.tzinfo else found.replace(tzinfo=UTC)) - EPOCH
    return (passed.days * 86_400 + passed.seconds) * SECOND + passed.microseconds


def moments_of(column: pa.Array, name: str) -> pa.Array:
    """The moments of a column as Arrow's times of UTC in microseconds: of times, dates, or ISO 8601 text.

    Read as a contract reads a column of the type "time". Raises `InvalidData` with the name and a value.
    """
    from dragoman.data.rules.casts import read_values  # heavy: pyarrow

    read = read_values(column, ColumnSpec(type="time"))
    if read.wrong is not None:
        wrong = column[int(read.wrong.argmax())].as_py()
        raise InvalidData(f"The column '{name}' has {wrong!r}, which is no time.", help=HELP)
    return read.values


def text_of(moment: int) -> str:
    """A moment in ISO 8601."""
    found = datetime.fromtimestamp(moment // SECOND, UTC).replace(microsecond=moment % SECOND)
    return found.isoformat().replace("+00:00", "Z")


def _read(text: str) -> int:
    """Text is read by the same rules as columns of it."""
    import pyarrow as pa  # heavy: serving does without it

    from dragoman.data.rules.times import times_from_text  # heavy: as above

    found = times_from_text(pa.array([text]))[0]
    if not found.is_valid:
        raise InvalidData(f"{text!r} is no time.", help=HELP)
    moment: int = found.value
    return moment

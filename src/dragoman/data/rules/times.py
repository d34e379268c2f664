"""Times: ISO 8601 in text, and Arrow's own types, all as microseconds in UTC. A time without a zone is read as UTC."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["times_from_text", "times_of"]

UTC_TIME = pa.timestamp("us", "UTC")
PLAIN_TIME = pa.timestamp("us")
SECOND, DAY = 1_000_000, 86_400_000_000
FIRST, LAST = -62_135_596_800_000_000, 253_402_300_799_999_999  # years 1 to 9999
DATE = (
    "[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-9]))"
)
CLOCK = r"(?:[01][0-9]|2[0-3])(?::[0-5][0-9](?::(?:[0-5][0-9]|60)(?:\.[0-9]{1,9})?)?)?"
ZONE = "(?:Z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)"
TIME = rf"\A{DATE}(?:[T ]{CLOCK}{ZONE}?)?\z"
LEAP_DAY = r"\A[0-9]{4}-02-29"
LEAP_YEAR = r"\A(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-"
LEAP_SECOND = r"[T ][0-9]{2}:[0-9]{2}:60"
UNITS = {"s": SECOND, "ms": 1_000}


def times_from_text(text: pa.Array) -> pa.Array:
    """Times of the form `2026-11-23`, `2026-11-23T05:00`, `2026-11-23 05:00:00.123456+02:00`; null for all else.

    Digits of the fraction after the sixth are dropped. A leap second, 23:59:60 in UTC, is the second after it.
    """
    for kind in (UTC_TIME, PLAIN_TIME):  # mostly all rows are alike
        try:
            return _within_years(text.cast(kind).cast(UTC_TIME))
        except pa.ArrowInvalid:
            continue
    return _each_read(text)


def _each_read(text: pa.Array) -> pa.Array:
    leap_years = pc.or_(pc.invert(pc.match_substring_regex(text, LEAP_DAY)), pc.match_substring_regex(text, LEAP_YEAR))
    text = pc.if_else(pc.and_(pc.match_substring_regex(text, TIME), leap_years), text, None)
    leap_second = pc.match_substring_regex(text, LEAP_SECOND)
    text = pc.if_else(leap_second, pc.replace_substring(text, ":60", ":59", max_replacements=1), text)
    text = pc.replace_substring_regex(text, r"(\.[0-9]{6})[0-9]+", r"\1")
    micros = _with_zone(text).cast(UTC_TIME).cast(pa.int64())
    last_second = pc.equal(
        pc.subtract(_floor_divide(micros, SECOND), pc.multiply(_floor_divide(micros, DAY), 86_400)), 86_399
    )
    micros = pc.if_else(leap_second, pc.if_else(last_second, pc.add(micros, SECOND), None), micros)
    return _within_years(micros.cast(UTC_TIME))


def _with_zone(text: pa.Array) -> pa.Array:
    """`2026-11-23` and `2026-11-23T05:00` as they are written with a zone."""
    date_only = pc.equal(pc.binary_length(text), len("2026-11-23"))
    text = pc.if_else(date_only, pc.binary_join_element_wise(text, "T00", ""), text)
    zoned = pc.match_substring_regex(text, rf"[T ].*{ZONE}\z")
    return pc.if_else(zoned, text, pc.binary_join_element_wise(text, "Z", ""))


def _floor_divide(micros: pa.Array, by: int) -> pa.Array:
    quotient = pc.divide(micros, by)
    below = pc.less(micros, pc.multiply(quotient, by))
    return pc.if_else(below, pc.subtract(quotient, 1), quotient)


def times_of(raw: pa.Array) -> pa.Array | None:
    """Timestamps and dates of Arrow; None for other types, null for years that no calendar of ours has."""
    if pa.types.is_date(raw.type):
        raw = raw.cast(pa.timestamp("s")) if pa.types.is_date32(raw.type) else raw.cast(pa.timestamp("ms"))
    if not pa.types.is_timestamp(raw.type):
        return None
    return _within_years(_in_micros(raw.type.unit, raw.cast(pa.int64())).cast(UTC_TIME))


def _in_micros(unit: str, numbers: pa.Array) -> pa.Array:
    if unit == "us":
        return numbers
    if unit == "ns":
        return _floor_divide(numbers, 1_000)
    factor = UNITS[unit]
    fits = pc.and_(pc.greater_equal(numbers, FIRST // factor), pc.less_equal(numbers, LAST // factor))
    return pc.multiply(pc.if_else(fits, numbers, None), factor)


def _within_years(times: Any) -> pa.Array:
    micros = times.cast(pa.int64())
    ends = pc.min_max(micros)
    if ends["min"].as_py() is None or (ends["min"].as_py() >= FIRST and ends["max"].as_py() <= LAST):
        return times
    inside = pc.and_(pc.greater_equal(micros, FIRST), pc.less_equal(micros, LAST))
    return pc.if_else(inside, times, None)

"""Numbers in text, read as strictly as JSON does: no leading zeros, no `NaN`, no spaces, nothing after the number."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["floats_from_text", "integers_from_text", "integral"]

INTEGER = r"\A-?(?:0|[1-9][0-9]*)(?:\.0+)?\z"
SHORT_INTEGER = r"\A-?(?:0|[1-9][0-9]{0,17})\z"
NUMBER = r"\A-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\z"
LARGEST_EXACT = 2.0**53  # from here on a float stands for several integers
SMALLEST, LARGEST = -(2**63), 2**63 - 1


def integers_from_text(text: pa.Array) -> pa.Array:
    """64-bit integers; null where the text is something else. `12.0` is 12."""
    short = pc.match_substring_regex(text, SHORT_INTEGER)
    found = pc.if_else(short, text, None).cast(pa.int64())
    if found.null_count == text.null_count:
        return found
    long = pc.and_not(pc.match_substring_regex(text, INTEGER), short)
    if not pc.any(long).as_py():
        return found
    read = [_long_integer(one) for one in pc.if_else(long, text, None).to_pylist()]
    return pc.coalesce(found, pa.array(read, pa.int64()))


def _long_integer(text: str | None) -> int | None:
    if text is None:
        return None
    digits = text.partition(".")[0]
    if len(digits) > len(str(SMALLEST)):
        return None
    return number if SMALLEST <= (number := int(digits)) <= LARGEST else None


def floats_from_text(text: pa.Array) -> pa.Array:
    """Finite 64-bit floats; null where the text is something else, or too large."""
    values = pc.if_else(pc.match_substring_regex(text, NUMBER), text, None).cast(pa.float64())
    return pc.if_else(pc.is_finite(values), pc.add(values, 0.0), None)  # -0.0 becomes 0.0


def integral(values: pa.DoubleArray) -> pa.Array:
    """The integers among floats; null for fractions, NaN and what is too large to be exact."""
    whole = pc.and_(pc.equal(pc.floor(values), values), pc.less_equal(pc.abs(values), LARGEST_EXACT))
    return pc.if_else(whole, values, None).cast(pa.int64())

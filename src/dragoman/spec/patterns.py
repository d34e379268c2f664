"""Patterns in linear time: RE2, as Arrow runs it. It has no look-around, and so no text can stall it."""

from __future__ import annotations

from dragoman.errors import InvalidSpec

__all__ = ["refuse_bad_pattern"]


def refuse_bad_pattern(pattern: str, place: str) -> None:
    """Raise `InvalidSpec` for a pattern that RE2 does not know; `place` names its key."""
    import pyarrow as pa  # heavy: only contracts with patterns need it
    import pyarrow.compute as pc

    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except (pa.ArrowInvalid, UnicodeEncodeError) as error:
        reason = str(error).removeprefix("Invalid regular expression: ")
        raise InvalidSpec(
            f"{place} is no pattern: {reason}.",
            help="Patterns are those of RE2: no look-around, no back references, at most 1000 repetitions.",
        ) from None

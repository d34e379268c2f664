"""SQL that needs a value several times and computes it once."""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

__all__ = ["finite", "once"]

SHORT = 240  # characters: shorter SQL is written out each time, as a lambda costs more than computing it again


def once(sql: str, body: Callable[[str], str]) -> str:
    """The body with the name of a value in it; the value is a list of one, and the name a lambda's parameter."""
    if len(sql) <= SHORT and "lambda" not in sql:
        return body(sql)
    name = f"v{crc32(sql.encode()):08x}"
    return f"list_transform([{sql}], lambda {name}: {body(name)})[1]"


def finite(sql: str) -> str:
    """A DOUBLE, null where it is infinite or no number."""
    return once(sql, lambda value: f"(CASE WHEN isfinite({value}) THEN {value} END)")

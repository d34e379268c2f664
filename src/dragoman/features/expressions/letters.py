"""Small and capital letters and white space: one table for rows and for SQL, whatever their Unicode is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from dragoman.features.expressions.letter_ranges import LOWER_RANGES, UPPER_RANGES
from dragoman.features.expressions.literals import text_literal
from dragoman.features.expressions.sql_once import once

__all__ = ["LOWER", "UPPER", "WHITE", "lower_sql", "upper_sql"]

RANGE = re.compile(r"([0-9A-F]+)(?:-([0-9A-F]+))?(/2)?([+-][0-9]+)")
WHITE = (  # the property White_Space
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f"
    "\u205f\u3000"
)

EVERY_POINT = """
    SELECT i, unicode({0}(chr(i))), length({0}(chr(i)))
    FROM (SELECT CAST(i AS INTEGER) AS i FROM range(1, 1114112) AS points(i) WHERE i NOT BETWEEN 55296 AND 57343)
    WHERE {0}(chr(i)) <> chr(i)
"""


def _pairs(ranges: str) -> Iterator[tuple[int, int]]:
    for found in RANGE.finditer(ranges):
        first, step = int(found[1], 16), 2 if found[3] else 1
        last = int(found[2], 16) if found[2] else first
        for point in range(first, last + 1, step):
            yield point, point + int(found[4])


LOWER: Mapping[int, int] = dict(_pairs(LOWER_RANGES))
UPPER: Mapping[int, int] = dict(_pairs(UPPER_RANGES))


def lower_sql(text: str) -> str:
    """DuckDB's own function where it agrees with the table on every code point, as the versions up to 2.0 do."""
    return _mapped(text, "lower", LOWER)


def upper_sql(text: str) -> str:
    """As `lower_sql`."""
    return _mapped(text, "upper", UPPER)


def _mapped(text: str, function: str, table: Mapping[int, int]) -> str:
    if agrees(function):
        return f"{function}({text})"
    before, after = ("".join(map(chr, points)) for points in (table.keys(), table.values()))
    exact = f"translate({{0}}, {text_literal(before)}, {text_literal(after)})"
    plain = f"(CASE WHEN strlen({{0}}) = length({{0}}) THEN {function}({{0}}) ELSE {exact} END)"
    return once(text, plain.format)


@lru_cache(maxsize=2)
def agrees(function: str) -> bool:
    """Whether the installed DuckDB maps all of Unicode as the table does; asked once in a process, 0.2 s."""
    import duckdb  # heavy: rows do without it

    table = LOWER if function == "lower" else UPPER
    with duckdb.connect(config={"threads": 1}) as connection:
        rows = connection.execute(EVERY_POINT.format(function)).fetchall()
    return {point: mapped for point, mapped, size in rows if size == 1} == dict(table) and len(rows) == len(table)

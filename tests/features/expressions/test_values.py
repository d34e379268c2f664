"""What each function gives where it matters, in DuckDB and in rows."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from tests.features.expressions.trees import COLUMNS, asked, table_of

from dragoman.features.expressions import (
    Expression,
    coalesce,
    col,
    concat,
    count,
    days_since,
    hours_since,
    if_else,
    lit,
    row_inner,
    row_scalar,
    sql_inner,
    sql_scalar,
)

MOST, LEAST = 2**63 - 1, -(2**63)
DAY = 86_400_000_000
n, m, i, b, s, t = (col(name) for name in "nmibst")
CASES: list[tuple[Expression, dict[str, Any], Any]] = [
    (n / m, {"n": 1.0, "m": 0.0}, None),
    (i / 2, {"i": 3}, 1.5),
    (i // 2, {"i": -7}, -4),
    (i % 2, {"i": -7}, 1),
    (i % -2, {"i": 7}, -1),
    (i // 0, {"i": 7}, None),
    (i // -1, {"i": LEAST}, None),
    (i % -1, {"i": LEAST}, 0),
    (i + 1, {"i": MOST}, None),
    (i * i, {"i": 2**32}, None),
    (-i, {"i": LEAST}, None),
    (abs(i), {"i": LEAST}, None),
    (n * m, {"n": 1e308, "m": 10.0}, None),
    (coalesce(n * m, 0.0), {"n": 1e308, "m": -10.0}, 0.0),
    (n + i, {"n": 0.5, "i": 2**53 + 1}, 2.0**53),
    (n, {"n": float("nan")}, None),
    (n, {"n": float("-inf")}, None),
    (n.log(), {"n": 0.0}, None),
    (n.log(), {"n": 1.0}, 0.0),
    (n.sqrt(), {"n": -1e-300}, None),
    (n.floor(), {"n": -0.5}, -1),
    (n.floor(), {"n": 1e19}, None),
    (n.round(), {"n": 0.5}, 0),
    (n.round(), {"n": 1.5}, 2),
    (n.round(), {"n": -2.5}, -2),
    (n.round(), {"n": 2.0**63}, None),
    (b.to_number(), {"b": True}, 1.0),
    (n.clip(0.0, 1.0), {"n": 7.0}, 1.0),
    (n.clip(0.0, 1.0), {"n": None}, None),
    (n.at_least(m), {"n": 1.0, "m": None}, None),
    (i.bucket([0, 10]), {"i": -1}, 0),
    (i.bucket([0, 10]), {"i": 10}, 2),
    (n.bucket([0, 1.5]), {"n": None}, None),
    (n == m, {"n": 0.0, "m": -0.0}, True),
    (i == n, {"i": 2**53 + 1, "n": 2.0**53}, True),
    (n > m, {"n": 1.0, "m": None}, None),
    ((n > 0) & b, {"n": None, "b": False}, False),
    ((n > 0) & b, {"n": None, "b": True}, None),
    ((n > 0) | b, {"n": None, "b": True}, True),
    (~b, {"b": None}, None),
    (s.is_null(), {"s": None}, True),
    (s.is_in(["a", "b"]), {"s": None}, None),
    (i.is_in([1, 2]), {"i": 2}, True),
    (if_else(b, 1, 2), {"b": None}, 2),
    (if_else(b, s), {"b": False, "s": "x"}, None),
    (if_else(b, i, 0.5), {"b": True, "i": 2}, 2.0),
    (coalesce(i, n), {"i": None, "n": 1.5}, 1.5),
    (s.lower(), {"s": "ΑΣ İß"}, "ασ iß"),
    (s.upper(), {"s": "straße ŉ"}, "STRAẞE ŉ"),
    (s.strip(), {"s": "\u3000 a b\t\x85"}, "a b"),
    (s.strip(), {"s": "\u200ba\x1f"}, "\u200ba\x1f"),
    (s.length(), {"s": "e\u0301👩‍👩"}, 5),
    (s.contains(""), {"s": "a"}, True),
    (s.contains("É"), {"s": "CAFÉ"}, True),
    (s.starts_with("a"), {"s": "ab"}, True),
    (s.ends_with("a"), {"s": "ab"}, False),
    (s < "ﬁ", {"s": "𝕏"}, False),
    (concat(s, "-", s), {"s": "a\0"}, "a\0-a\0"),
    (concat(s, "-"), {"s": None}, None),
    (t.hour(), {"t": -1}, 23),
    (t.weekday(), {"t": 0}, 3),
    (t.day(), {"t": -1}, 31),
    (t.month(), {"t": -1}, 12),
    (t.hour("Europe/Berlin"), {"t": 1_774_745_999_999_999}, 1),  # 2026-03-29, the last moment of winter time
    (t.hour("Europe/Berlin"), {"t": 1_774_746_000_000_000}, 3),
    (t.day("Asia/Tokyo"), {"t": 15 * 3_600_000_000}, 2),
    (t, {"t": 253_402_300_800_000_000}, None),
    (lit("a") == s, {"s": "a"}, True),
]


@pytest.mark.parametrize(("expression", "row", "wanted"), CASES, ids=lambda one: getattr(one, "text", None))
def test_the_value_is_as_documented(expression, row, wanted):
    whole = {**dict.fromkeys(COLUMNS), **row}
    with duckdb.connect() as connection:
        found = asked(connection, sql_inner(expression.node, COLUMNS), table_of([whole]))
    assert found == [wanted]
    assert type(found[0]) is type(wanted)
    assert row_inner(expression.node, COLUMNS)(whole) == wanted


@pytest.mark.parametrize(
    ("expression", "value", "wanted"),
    [
        (hours_since(t.last()), 2 * DAY, 12.0),
        (days_since(t.last()), 3 * DAY, -0.5),
        (hours_since(t.last()), None, None),
    ],
)
def test_how_long_ago_is_as_documented(expression, value, wanted):
    last, now = t.last().node, 5 * DAY // 2
    given = "NULL" if value is None else str(value)
    with duckdb.connect() as connection:
        sql = sql_scalar(expression.node, COLUMNS, {last: f"CAST({given} AS BIGINT)"}, f"{now}")
        assert connection.execute(f"SELECT {sql}").fetchall() == [(wanted,)]
    assert row_scalar(expression.node, COLUMNS)({last: value}, now) == wanted


def test_a_column_that_is_not_in_the_row_is_null():
    assert row_inner(n.is_null().node, COLUMNS)({}) is True


def test_a_share_of_nothing_is_null():
    node, counts = (b.sum() / count()).node, [b.sum().node, count().node]
    assert row_scalar(node, COLUMNS)(dict(zip(counts, [None, 0], strict=True)), 0) is None

"""What passes from a row into an expression."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from tests.features.expressions.trees import COLUMNS

from dragoman.errors import InvalidData
from dragoman.features.expressions import col, row_inner

HOUR = 3_600_000_000


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("n", 3, 3.0),
        ("n", Decimal("0.1"), 0.1),
        ("n", float("inf"), None),
        ("n", 2**64, None),
        ("i", 2**63, None),
        ("s", "\ud800", None),
        ("t", 5, 5),
        ("t", datetime(1970, 1, 1, 1, tzinfo=UTC).replace(tzinfo=None), HOUR),
        ("t", datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), 0),
        ("t", date(1970, 1, 2), 24 * HOUR),
        ("t", "1970-01-01T02:00:00+01:00", HOUR),
        ("t", datetime.max.replace(tzinfo=UTC), 253_402_300_799_999_999),
        ("t", 2**62, None),
    ],
)
def test_a_value_is_brought_to_its_type(name, value, wanted):
    found = row_inner(col(name).node, COLUMNS)({name: value})
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("name", "value"),
    [("n", "1"), ("n", True), ("i", 1.0), ("i", True), ("b", 1), ("s", 1), ("s", b"a"), ("t", 1.5), ("t", "noon")],
)
def test_a_value_of_another_type_is_refused_with_its_column(name, value):
    with pytest.raises(InvalidData) as caught:
        row_inner(col(name).node, COLUMNS)({name: value})
    assert repr(value) in str(caught.value)

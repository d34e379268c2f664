"""The tables of time zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.features.expressions.trees import COLUMNS, ZONES, asked, table_of

from dragoman.features.expressions import col, row_inner, sql_inner
from dragoman.features.expressions.zones import offset_sql, offsets_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
moments = st.integers(  # of 1900 to 2099
    -2_208_988_800_000_000, 4_102_444_799_999_999
)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(sorted(available_timezones())), st.lists(moments, max_size=100))
def test_the_offsets_are_those_of_the_zone(zone, some):
    table, info = offsets_of(zone), ZoneInfo(zone)
    for moment in some:
        at = (EPOCH + timedelta(microseconds=moment)).astimezone(info)
        assert at.utcoffset() == timedelta(microseconds=table.at(moment))


@pytest.mark.parametrize("zone", [*ZONES, "Asia/Gaza", "Africa/Freetown", "Etc/GMT+5"])
def test_duckdb_has_the_same_offset_around_every_change(zone):
    table = offsets_of(zone)
    near = [change + step for change in [*table.changes, 0] for step in (-1, 0, 1, 86_400_000_000)]
    values = ", ".join(f"({moment})" for moment in near)
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT {offset_sql(zone, 't')} FROM (VALUES {values}) AS moments(t)").fetchall()
    assert [row[0] for row in found] == [table.at(moment) for moment in near]


def test_a_day_is_that_of_the_zone():
    row = {**dict.fromkeys(COLUMNS), "t": 1_767_225_600_000_000}  # 2026-01-01T00:00Z
    for zone, wanted in {"UTC": (2026, 1, 1), "America/St_Johns": (2025, 12, 31)}.items():
        parts = [col("t").month(zone), col("t").day(zone)]
        with duckdb.connect() as connection:
            found = [asked(connection, sql_inner(part.node, COLUMNS), table_of([row]))[0] for part in parts]
        assert found == [row_inner(part.node, COLUMNS)(row) for part in parts] == list(wanted[1:])

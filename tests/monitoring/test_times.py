from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.monitoring.times import bucket_of, seconds_of, stamp

MOMENT = seconds_of("2026-11-23T05:47:31Z")


@pytest.mark.parametrize(
    ("minutes", "start"),
    [
        (1, "2026-11-23T05:47:00Z"),
        (5, "2026-11-23T05:45:00Z"),
        (60, "2026-11-23T05:00:00Z"),
        (1_440, "2026-11-23T00:00:00Z"),
    ],
)
def test_a_bucket_begins_at_a_full_part_of_the_day(minutes: int, start: str) -> None:
    assert bucket_of(MOMENT, minutes=minutes) == start


@given(st.integers(0, 4_000_000_000))
def test_a_stamp_reads_back_as_its_second(seconds: int) -> None:
    assert seconds_of(stamp(seconds)) == seconds


@given(st.integers(0, 4_000_000_000), st.integers(0, 4_000_000_000))
def test_stamps_compare_like_times(one: int, other: int) -> None:
    assert (stamp(one) < stamp(other)) == (one < other)

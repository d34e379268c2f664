from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.loop.calendar import is_open, next_opening
from dragoman.monitoring.times import seconds_of, stamp

days = st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
hours = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda at: f"{at[0]:02}:{at[1]:02}")
spans = st.tuples(hours, hours).map("-".join)
entries = st.one_of(
    spans,
    days,
    st.tuples(days, spans).map(" ".join),
    st.tuples(days, days, spans).map(lambda one: f"{one[0]}-{one[1]} {one[2]}"),
)
moments = st.floats(1.7e9, 1.9e9)


@pytest.mark.parametrize(
    ("entry", "time", "expected"),
    [
        ("mon-fri 08:00-18:00", "2026-06-01T08:00:00Z", True),  # a Monday
        ("mon-fri 08:00-18:00", "2026-06-01T18:00:00Z", False),
        ("mon-fri 08:00-18:00", "2026-06-06T12:00:00Z", False),
        ("sat", "2026-06-06T23:59:59Z", True),
        ("sat", "2026-06-07T00:00:00Z", False),
        ("22:00-06:00", "2026-06-03T23:00:00Z", True),
        ("22:00-06:00", "2026-06-03T05:59:59Z", True),
        ("22:00-06:00", "2026-06-03T06:00:00Z", False),
        ("sat 22:00-06:00", "2026-06-07T03:00:00Z", True),
        ("sat 22:00-06:00", "2026-06-06T03:00:00Z", False),
        ("sat-mon", "2026-06-07T03:00:00Z", True),
        ("sat-mon", "2026-06-02T03:00:00Z", False),
        ("fri 18:00-24:00", "2026-06-05T23:59:00Z", True),
    ],
)
def test_an_entry_is_open_in_its_hours(entry, time, expected):
    assert is_open([entry], seconds_of(time)) is expected


def test_without_entries_it_is_always_open():
    assert is_open([], 0.0)


def test_the_next_opening_is_the_first_of_all_entries():
    found = next_opening(["sat 10:00-12:00", "wed 22:00-06:00"], seconds_of("2026-06-01T12:00:00Z"))
    assert stamp(found) == "2026-06-03T22:00:00Z"


@given(st.lists(entries, min_size=1, max_size=3), moments)
def test_what_is_closed_is_open_at_its_next_opening_and_not_before(several, now):
    opening = next_opening(several, now)
    assert now < opening <= now + 8 * 86_400
    assert is_open(several, opening)
    assert is_open(several, now) or not is_open(several, (now + opening) / 2)

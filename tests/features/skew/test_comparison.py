from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.features.skew import Triple, are_same, compare_feature

VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3)


def triple(served: Any, known: Any, hindsight: Any = ...) -> Triple:
    return Triple("p", "2026-01-01T00:00:00Z", served, known, known if hindsight is ... else hindsight)


@given(st.lists(VALUES))
def test_what_is_replayed_as_it_was_served_has_no_skew(values):
    found = compare_feature("v.f", [triple(value, value) for value in values])
    assert (found.n, found.equal, found.differing, found.late) == (len(values), len(values), 0, 0)
    assert found.equal_share == 1
    assert found.examples == []


@given(VALUES, VALUES)
def test_sameness_has_no_direction(one, other):
    assert are_same(one, other) == are_same(other, one)


@pytest.mark.parametrize(
    ("served", "known"), [(1, True), (0, None), ("1", 1), (1.0, 1.0 + 1e-6), ("a", "A"), (0.0, 1e-300)]
)
def test_values_that_are_not_the_same(served, known):
    assert not are_same(served, known)


def test_rounding_is_no_skew_and_is_not_exact():
    found = compare_feature("v.f", [triple(0.1 + 0.2, 0.3)])
    assert (found.equal, found.differing) == (0, 0)


def test_values_that_one_side_lacks_are_told_apart():
    found = compare_feature("v.f", [triple(None, 3), triple(2, None), triple(1, 4), triple(None, None)])
    assert (found.n, found.equal, found.differing) == (4, 1, 3)
    assert (found.missing_online, found.missing_offline, found.largest) == (1, 1, 3)


def test_events_that_came_late_are_no_fault_of_what_was_served():
    found = compare_feature("v.f", [triple(2, 2, 5), triple(7, 7)])
    assert (found.differing, found.late, found.largest_late) == (0, 1, 3)


def test_the_worst_values_are_the_examples():
    values = [triple(0, number) for number in range(1, 9)]
    found = compare_feature("v.f", [*values, triple(None, 1)])
    assert [one.replayed for one in found.examples] == [1, 8, 7]
    assert found.examples[0].served is None

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.monitoring.drift.parts import Parts

SHAPES = ["quantiles", "shares", "categories"]


@given(st.lists(st.tuples(st.integers(2, 40), st.sampled_from(SHAPES), st.booleans()), min_size=1, max_size=8))
def test_the_parts_of_a_cell_spend_no_more_than_its_error(histograms):
    sizes, shapes, begins = zip(*histograms, strict=True)
    cells = np.cumsum(begins) - begins[0]
    parts = Parts(sizes, shapes, cells.tolist())

    spent = np.bincount(parts.cell, parts.weights(np.ones(parts.bins, dtype=np.int64)))

    assert spent == pytest.approx(np.ones(parts.cells))


@given(st.sampled_from(SHAPES), st.lists(st.integers(0, 3), min_size=2, max_size=40))
def test_parts_that_can_tell_nothing_leave_their_error_to_the_others(shape, pooled):
    parts = Parts([len(pooled)], [shape], [0])
    counts = np.array(pooled, dtype=np.int64)
    inside, outside = parts.inside(counts)

    weights = parts.weights(counts)

    assert weights.sum() <= 1 + 1e-9
    if shape != "quantiles":
        assert not weights[(inside == 0) | (outside == 0)].any()
        assert weights.sum() == pytest.approx(float(((inside > 0) & (outside > 0)).any()))


def test_what_is_inside_and_outside_is_all_of_the_histogram():
    parts = Parts([5, 3, 4], SHAPES, [0, 0, 1])
    counts = np.arange(12)

    inside, outside = parts.inside(counts)

    expected = [counts[start:stop].sum() for start, stop in zip(parts.start, parts.stop, strict=True)]
    assert inside.tolist() == expected
    assert (inside + outside).tolist() == np.array([10, 18, 38])[parts.histogram].tolist()


@given(st.integers(2, 70), st.sampled_from(SHAPES))
def test_no_part_is_empty_or_everything_or_there_twice(size, shape):
    parts = Parts([size], [shape], [0])
    found = list(zip(parts.start.tolist(), parts.stop.tolist(), strict=True))

    assert all(0 <= start < stop <= size for start, stop in found)
    assert (0, size) not in found
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("shape", ["quantiles", "shares"])
def test_every_bound_of_a_number_is_tested(shape):
    parts = Parts([34], [shape], [0])

    assert {stop for start, stop in zip(parts.start, parts.stop, strict=True) if start == 0} == set(range(1, 34))


def test_the_middle_has_the_error_of_a_level():
    parts = Parts([32], ["quantiles"], [0])
    bounds = parts.weights(np.ones(32, dtype=np.int64))[parts.start == 0]

    assert bounds.max() == pytest.approx(2 / 3 / 5)
    assert bounds.min() == pytest.approx(2 / 3 / 5 / 16)

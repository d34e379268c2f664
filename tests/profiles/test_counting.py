from __future__ import annotations

from bisect import bisect_right

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.profiles.columns import Coded
from dragoman.profiles.counting import count_column
from dragoman.profiles.layout import Layout

DECIMALS = st.integers(-30_000, 30_000).map(lambda number: number / 10_000)
EDGES = st.lists(DECIMALS, min_size=1, max_size=33, unique=True).map(sorted)
SCRIPTS = Layout(signal="script", kind="category", categories=["Latn", "Arab"])


@given(edges=EDGES, values=st.lists(DECIMALS | st.sampled_from([np.nan, np.inf, -np.inf]), max_size=60))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_number_is_in_the_bin_whose_edges_are_around_it(dtype: type, edges: list[float], values: list[float]) -> None:
    layout = Layout(signal="score", kind="number", edges=edges)

    counts = count_column(np.array(values, dtype=dtype), layout)

    expected = [bisect_right(edges, value) for value in values if np.isfinite(value)]
    assert counts.tolist() == np.bincount(np.array(expected, dtype=int), minlength=layout.bins).tolist()


def test_the_largest_and_the_smallest_numbers_have_a_bin() -> None:
    largest = np.finfo(np.float64).max
    layout = Layout(signal="score", kind="number", edges=[0.0])

    assert count_column(np.array([-largest, -largest, largest, 0.0]), layout).tolist() == [2, 2]


def test_a_column_stays_in_its_order() -> None:
    column = np.array([3.0, 1.0, 2.0])

    count_column(column, Layout(signal="tokens", kind="number", edges=[2.0]))

    assert column.tolist() == [3.0, 1.0, 2.0]


def test_whole_numbers_count_like_others() -> None:
    assert count_column(np.array([1, 2, 3]), Layout(signal="tokens", kind="number", edges=[2.0])).tolist() == [1, 2]


@pytest.mark.parametrize(
    "column",
    [
        np.array(["Arab", None, "Thai", "", "Latn", np.nan, "Arab"], dtype=object),
        np.array(["Arab", "", "Thai", "", "Latn", "", "Arab"]),
        Coded(["Thai", "Arab", "Latn"], np.array([1, -1, 0, -1, 2, -7, 1], dtype=np.int8)),
    ],
)
def test_unknown_categories_are_everything_else_and_empty_ones_are_missing(column: np.ndarray | Coded) -> None:
    assert count_column(column, SCRIPTS).tolist() == [1, 2, 1]

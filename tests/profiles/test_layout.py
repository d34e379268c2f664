from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.profiles.layout import Layout, layout_of

FLOATS = st.floats(-1e6, 1e6, allow_nan=False)
VALUES = st.lists(FLOATS | st.integers(0, 5).map(float), min_size=1, max_size=400).map(np.array)


@given(VALUES)
def test_every_reference_value_is_between_the_first_and_the_last_bin(values: np.ndarray) -> None:
    layout = layout_of("tokens", values)

    bins = np.searchsorted(layout.edges, values, side="right")

    assert bins.min() > 0 and bins.max() < layout.bins - 1
    assert layout.edges == sorted(set(layout.edges))
    assert layout.bins <= 34


@given(VALUES)
def test_edges_are_numbers_of_six_digits(values: np.ndarray) -> None:
    assert all(edge == float(f"{edge:.6g}") for edge in layout_of("score", values).edges)


def test_bins_of_many_different_values_hold_about_as_many_each() -> None:
    values = np.random.default_rng(0).normal(size=3_200)

    layout = layout_of("entropy", values)

    counts = np.bincount(np.searchsorted(layout.edges, values, side="right"), minlength=layout.bins)
    assert counts[0] == counts[-1] == 0
    assert (np.abs(counts[1:-1] - 100) <= 1).all()


@pytest.mark.parametrize(("texts", "bins"), [(10, 4), (30, 5), (100, 12), (320, 34), (10_000, 34)])
def test_few_texts_have_few_bins(texts: int, bins: int) -> None:
    assert layout_of("score", np.random.default_rng(0).random(texts)).bins == bins


def test_a_value_that_is_always_the_same_has_a_bin_of_its_own() -> None:
    layout = layout_of("confidence", np.ones(50))

    assert layout.edges == [1.0, 2.0]
    assert [layout.describe(place, place + 1) for place in range(3)] == ["below 1", "1", "2 or more"]


def test_a_share_of_exactly_zero_has_a_bin_of_its_own() -> None:
    layout = layout_of("bytes", np.array([0.0, 0.5]))

    assert np.searchsorted(layout.edges, [0.0, 1e-6, 0.001, 1.0], side="right").tolist() == [0, 1, 1, layout.bins - 1]
    assert layout.describe(0, 1) == "exactly 0"
    assert layout.describe(0, 2) == "below 0.002"
    assert layout.describe(1, 2) == "above 0, below 0.002"
    assert layout.describe(1, layout.bins) == "above 0"
    assert layout.describe(layout.bins - 1, layout.bins) == "0.8 or more"


def test_categories_are_ranked_by_frequency_and_cut() -> None:
    names = [f"n{place:03}" for place in range(100) for _ in range(100 - place)]

    layout = layout_of("label", np.array(names, dtype=object))

    assert layout.categories == [f"n{place:03}" for place in range(64)]
    assert layout.bins == 65
    assert layout.describe(0, 2) == "n000, n001"
    assert layout.describe(64, 65) == "everything else"


def test_categories_that_are_as_frequent_stand_in_the_order_of_their_names() -> None:
    assert layout_of("script", np.array(["Latn", "Cyrl", "Arab"], dtype=object)).categories == ["Arab", "Cyrl", "Latn"]


@pytest.mark.parametrize(
    ("edges", "start", "stop", "words"),
    [
        ([12.0, 18.0, 60.0], 0, 1, "below 12"),
        ([12.0, 18.0, 60.0], 1, 2, "12 to 17"),
        ([12.0, 13.0, 60.0], 1, 2, "12"),
        ([12.0, 18.0, 60.0], 2, 4, "18 or more"),
        ([12.0, 18.0, 60.0], 0, 4, "anything"),
        ([0.25, 0.5], 1, 2, "0.25 to 0.5"),
        ([0.25, 1.0, 1.00001], 2, 3, "1"),
    ],
)
def test_bins_are_told_in_words(edges: list[float], start: int, stop: int, words: str) -> None:
    assert Layout(signal="tokens", kind="number", edges=edges).describe(start, stop) == words

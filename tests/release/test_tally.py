from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.errors import InvalidInput
from dragoman.records import TallyRow
from dragoman.release.tally import BINS, HARMS, Cell, Tally

CELL = Cell("errors", "th", 1)
harms = st.lists(st.floats(-1, 1), max_size=30)


def tally_of(values: list[float], seed: int = 0) -> Tally:
    tally = Tally()
    for value in values:
        tally.add(value, np.random.default_rng(seed))
    return tally


@pytest.mark.parametrize(("harm", "place"), [(-1, 0), (-0.05, 19), (0, 20), (0.15, 23), (0.35, 27), (1, 40)])
def test_a_value_of_a_bin_goes_into_that_bin(harm, place):
    rng = np.random.default_rng(0)
    tally = Tally()
    tally.add(harm, rng)
    tally.add_many([harm, harm], rng)

    assert tally.counts[place] == tally.n == 3
    assert HARMS[place] == pytest.approx(harm)


@given(harms)
def test_a_value_goes_into_one_of_the_two_bins_beside_it(values):
    for value in values:
        (place,) = np.flatnonzero(tally_of([value]).counts)
        assert abs(HARMS[place] - value) < 0.05 + 1e-9


@pytest.mark.parametrize("way", ["one", "many"])
def test_values_between_two_bins_keep_their_mean(way):
    rng, tally, n = np.random.default_rng(3), Tally(), 20_000
    if way == "many":
        tally.add_many(np.full(n, 0.013), rng)
    else:
        for _ in range(n):
            tally.add(0.013, rng)

    assert tally.n == n
    assert tally.mean == pytest.approx(0.013, abs=4 * 0.025 / math.sqrt(n))


@given(harms, harms)
def test_merged_tallies_hold_what_both_hold(one, other):
    merged = tally_of(one)
    merged.merge(tally_of(other))

    assert merged.counts.tolist() == (tally_of(one).counts + tally_of(other).counts).tolist()
    assert merged.n == len(one) + len(other)


@given(harms)
def test_the_order_of_the_values_does_not_matter(values):
    assert tally_of(values).counts.tolist() == tally_of(values[::-1]).counts.tolist()


def test_a_stored_tally_is_small_and_comes_back():
    tally = tally_of([-1.0, 0.0, 0.0, 1.0])
    encoded = msgspec.json.encode(tally.to_row(CELL))

    assert b'"counts":{"0":1,"20":2,"40":1}' in encoded
    cell, restored = Tally.from_row(msgspec.json.decode(encoded, type=TallyRow))
    assert (cell, restored.counts.tolist()) == (CELL, tally.counts.tolist())


@pytest.mark.parametrize("harm", [1.01, -1.01, math.nan, math.inf])
def test_a_harm_that_is_none_is_refused_and_not_counted(harm):
    tally = Tally()
    with pytest.raises(InvalidInput):
        tally.add(harm, np.random.default_rng(0))
    with pytest.raises(InvalidInput):
        tally.add_many([0.0, harm], np.random.default_rng(0))

    assert tally.n == 0
    assert tally.mean == 0.0


@pytest.mark.parametrize("counts", [{"41": 1}, {"-1": 1}, {"x": 1}, {"3": -1}])
def test_a_stored_tally_with_an_impossible_bin_is_refused(counts):
    with pytest.raises(InvalidInput, match="has bin"):
        Tally.from_row(TallyRow(metric="errors", language="th", step=0, counts=counts))


def test_a_tally_may_begin_with_counts():
    assert Tally(np.ones(BINS)).n == BINS

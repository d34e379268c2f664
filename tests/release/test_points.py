from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.errors import InvalidInput
from dragoman.release.points import Bounds, harms_of_points, point_evidence

BOUNDS = Bounds(low=0.0, high=200.0, margin=20.0)  # a latency in ms
ALPHA = 0.05


def evidence(control, experiment, bounds=BOUNDS):
    harms = harms_of_points(control, experiment, bounds, higher_is_worse=True)
    return point_evidence(harms, bounds, alpha=ALPHA)


def test_harms_are_shares_of_the_range():
    harms = harms_of_points([100, 100, 100], [120, 80, 500], BOUNDS, higher_is_worse=True)
    assert harms.tolist() == pytest.approx([0.1, -0.1, 0.5])
    mirrored = harms_of_points([100, 100, 100], [120, 80, 500], BOUNDS, higher_is_worse=False)
    assert mirrored.tolist() == pytest.approx([-0.1, 0.1, -0.5])


def test_places_without_both_points_are_left_out():
    harms = harms_of_points([100, math.nan, 100, 100], [100, 100, math.nan], BOUNDS, higher_is_worse=True)
    assert harms.tolist() == [0.0]


@pytest.mark.parametrize("bounds", [Bounds(1, 0, 0.1), Bounds(0, 1, 0), Bounds(0, 1, 1), Bounds(0, math.inf, 1)])
def test_bounds_without_room_are_refused(bounds):
    with pytest.raises(InvalidInput, match="bounds are"):
        harms_of_points([0.5], [0.5], bounds, higher_is_worse=True)


def test_no_points_say_nothing():
    found = evidence([], [])
    assert (found.n, found.effect, found.low, found.high) == (0, 0.0, -200.0, 200.0)
    assert (found.e_value, found.e_safe) == (1.0, 1.0)


def test_the_effect_and_its_interval_are_in_the_units_of_the_metric():
    rng = np.random.default_rng(0)
    found = evidence(rng.normal(100, 5, 300), rng.normal(110, 5, 300))
    assert found.low < 10 < found.high
    assert found.effect == pytest.approx(10, abs=1)
    assert found.high - found.low < 20


@given(st.lists(st.floats(-1, 1), max_size=40), st.floats(0.01, 0.9))
def test_the_interval_holds_the_mean_and_stays_in_its_bounds(harms, limit):
    bounds = Bounds(0.0, 1.0, limit)
    found = point_evidence(harms, bounds, alpha=ALPHA)
    assert -1 <= found.low <= found.effect + 1e-6
    assert found.effect - 1e-6 <= found.high <= 1


def test_a_healthy_canary_at_its_margin_rarely_fails_however_often_it_is_looked_at():
    """Size: 200 series of 60 points that are all or nothing, looked at after every tenth."""
    rng, failed = np.random.default_rng(1), 0
    for _ in range(200):
        control, experiment = 200.0 * (rng.random(60) < 0.4), 200.0 * (rng.random(60) < 0.5)
        harms = harms_of_points(control, experiment, BOUNDS, higher_is_worse=True)
        failed += any(point_evidence(harms[:n], BOUNDS, alpha=ALPHA).e_value >= 1 / ALPHA for n in range(10, 61, 10))
    assert failed / 200 <= ALPHA


def test_a_harmful_canary_at_its_margin_rarely_passes():
    rng, passed = np.random.default_rng(2), 0
    for _ in range(400):
        found = evidence(200.0 * (rng.random(60) < 0.4), 200.0 * (rng.random(60) < 0.5))
        passed += found.e_safe >= 1 / ALPHA
    assert passed / 400 <= ALPHA


def test_an_hour_of_points_decides_where_the_range_is_tight():
    """Power: 60 points, one a minute; the range is eight standard deviations of a point."""
    rng, failed, passed = np.random.default_rng(3), 0, 0
    for _ in range(100):
        bounds = Bounds(low=40.0, high=160.0, margin=20.0)
        control = rng.normal(100, 15, 60)
        failed += evidence(control, rng.normal(140, 15, 60), bounds).e_value >= 1 / ALPHA
        passed += evidence(control, rng.normal(100, 15, 60), bounds).e_safe >= 1 / ALPHA
    assert failed >= 80
    assert passed >= 80

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from dragoman.loop.looks import look_level


def test_a_mean_that_slides_passes_the_bound_as_rarely_as_is_said():
    bound = NormalDist().inv_cdf((1 + look_level(0.05, window_days=15.0)) / 2)
    chance, looks_a_day = np.random.default_rng(3), 24
    length, total = 15 * looks_a_day, 105 * looks_a_day
    sums = np.concatenate([np.zeros((2_000, 1)), chance.standard_normal((2_000, total)).cumsum(axis=1)], axis=1)
    highest = ((sums[:, length:] - sums[:, :-length]) / np.sqrt(length)).max(axis=1)
    assert 0.03 < (highest > bound).mean() < 0.055


@pytest.mark.parametrize("alpha", [0.1, 0.01, 0.0001])
def test_rarer_errors_and_shorter_windows_ask_for_higher_levels(alpha):
    assert look_level(alpha, window_days=10) > look_level(alpha, window_days=30) > 1 - 2 * alpha
    assert look_level(alpha / 10, window_days=10) > look_level(alpha, window_days=10)


def test_a_window_without_length_has_a_level_too():
    assert 0 < 1 - look_level(0.01, window_days=-3.0) < 1e-5

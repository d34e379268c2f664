from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from dragoman.monitoring.resources.floors import Floors, Rise


def rise_of(values: Iterable[float]) -> Rise | None:
    """Of blocks of a minute, each with one value."""
    floors = Floors(60.0)
    for minute, value in enumerate([*values, 0.0]):  # the last one ends the block before it
        floors.add(60.0 * minute, value)
    return floors.rise()


def test_a_line_rises_with_its_slope() -> None:
    rise = rise_of(120.0 * np.arange(24))
    assert rise is not None
    assert rise[:5] == pytest.approx((2.0, 120.0 * 23, 120.0 * 23, 0.0, 24 * 60.0))
    assert rise.p_value == 2.0**-23


def test_a_window_that_is_not_full_says_nothing() -> None:
    assert rise_of(np.arange(23.0)) is None


def test_the_floor_is_the_least_of_a_block() -> None:
    floors = Floors(60.0)
    for second, value in ((0, 5.0), (20, 3.0), (40, 9.0), (60, 8.0)):
        floors.add(second, value)
    assert floors.latest == 3.0


@pytest.mark.parametrize("falls", [1, 2])
def test_one_change_of_a_clear_rise_may_go_down(falls: int) -> None:
    values = np.arange(24.0) ** 1.5  # what is left of a line is smooth
    for place in range(falls):
        values[8 * place + 5] = values[8 * place + 4] - 0.1
    rise = rise_of(values)
    assert rise is not None
    assert rise.is_clear == (falls == 1)


def test_a_line_is_seen_through_noise() -> None:
    draw = np.random.default_rng(5)
    found = [rise_of(1.5 * np.arange(24) + draw.normal(size=24)) for _ in range(50)]
    assert sum(one is not None and one.is_clear for one in found) >= 45
    slopes = [60 * one.per_second for one in found if one is not None]
    assert 1.3 < np.mean(slopes) < 1.55


@pytest.mark.parametrize("steps", [1, 2])
def test_steps_are_no_clear_rise(steps: int) -> None:
    draw = np.random.default_rng(6)
    for _ in range(200):
        values = draw.normal(size=24)
        for place in draw.choice(np.arange(1, 23), size=steps, replace=False):
            values[place:] += 100.0
        rise = rise_of(values)
        assert rise is None or not rise.is_clear


def test_a_step_has_no_slope() -> None:
    values = np.random.default_rng(6).normal(size=24)
    values[12:] += 100.0
    rise = rise_of(values)
    assert rise is None or 60 * rise.per_second < 1.0


def test_what_slows_down_has_the_slope_of_its_later_half() -> None:
    rise = rise_of(1_000 * (1 - np.exp(-np.arange(24) / 6)))
    assert rise is not None
    assert 60 * rise.per_second < 1_000 / 23 / 4


def test_a_floor_that_falls_back_does_not_rise() -> None:
    values = np.arange(24.0)
    values[20:] -= 12
    assert rise_of(values) is None


def test_a_rise_with_many_pairs_that_fall_is_not_clear() -> None:
    values = np.arange(24.0)
    values[[3, 6, 9, 12, 15, 18, 21]] -= 4.5
    rise = rise_of(values)
    assert rise is not None
    assert not rise.is_clear
    assert rise_of(np.zeros(24)) is None


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_long_gap_begins_a_new_window(missing: int) -> None:
    floors = Floors(60.0)
    for minute in [*range(12), *range(12 + missing, 26 + missing)]:
        floors.add(60.0 * minute, 10.0 * minute)
    assert (floors.rise() is None) == (missing == 3)


def test_a_clock_that_goes_back_begins_a_new_window() -> None:
    floors = Floors(60.0)
    for minute in [*range(20), *range(10, 25)]:
        floors.add(60.0 * minute, 10.0 * minute)
    assert floors.rise() is None

from __future__ import annotations

import numpy as np
import pytest
from tests.monitoring.resources.memories import (
    DAY,
    GB,
    LIMIT,
    MB,
    MEMORIES,
    MINUTE,
    alarms_of,
    hours_until_found,
    leaking,
)

from dragoman.monitoring.resources.growth import SCALES, WARM_UP, MemoryGrowth

MOST_ALARMS = {"creeping": 8, "sawtooth": 1, "slow_sawtooth": 1, "wandering": 1}  # in 60 days; of all others none


def line(minutes: int, *, per_hour: float, start: float = 2 * GB) -> np.ndarray:
    return start + per_hour * np.arange(minutes) / 60.0


def grown(used: np.ndarray, *, limit: float = LIMIT, start: float = 0.0) -> MemoryGrowth:
    growth = MemoryGrowth()
    for minute, one in enumerate(used.tolist()):
        growth.add(start + minute * MINUTE, one, limit - one)
    return growth


# What is found


def test_a_leak_is_found_with_its_rate_and_the_time_that_is_left() -> None:
    used = line(4 * 60, per_hour=200 * MB)
    found = grown(used).found
    assert found is not None
    assert found.per_hour == pytest.approx(200 * MB, rel=0.01)
    assert found.hours_left == pytest.approx((LIMIT - used[-1]) / (200 * MB), rel=0.02)
    assert found.window_hours == pytest.approx(24 * SCALES[1] / 3600)
    assert found.p_value < 1e-5


def test_a_leak_is_dated_by_the_window_that_saw_it_first() -> None:
    used = np.concatenate([np.full(DAY, 2 * GB), line(7 * 60, per_hour=240 * MB)])
    found = grown(used, start=1e9).found
    assert found is not None
    assert abs(found.since - (1e9 + DAY * MINUTE)) < 2 * 3600


@pytest.mark.parametrize(
    ("base", "rate", "hours"), [("flat", 1000, 1.3), ("daily", 1000, 1.3), ("flat", 200, 4.5), ("daily", 200, 4.5)]
)
def test_a_fast_leak_is_found_long_before_the_memory_is_full(base: str, rate: int, hours: float) -> None:
    draw = np.random.default_rng(rate)
    delays = [hours_until_found(leaking(MEMORIES[base], draw, rate * MB), after=DAY) for _ in range(3)]
    assert all(delay is not None and delay < hours for delay in delays)


def test_a_slow_leak_is_found_within_days() -> None:
    used = leaking(MEMORIES["flat"], np.random.default_rng(4), 20 * MB)
    delay = hours_until_found(used, after=DAY)
    assert delay is not None
    assert delay < 30


def test_a_leak_after_a_spike_is_found_when_it_is_above_the_spike() -> None:
    used = np.concatenate([np.full(DAY, 2 * GB), line(9 * 60, per_hour=200 * MB)])
    used[DAY // 2 : DAY // 2 + 30] = 3 * GB
    delay = hours_until_found(used, after=DAY)
    assert delay is not None
    assert 5 < delay < 7


# What is not


@pytest.mark.parametrize("name", MEMORIES)
def test_memories_that_do_not_grow_are_left_alone(name: str) -> None:
    draw = np.random.default_rng(7)
    alarms = sum(alarms_of(MEMORIES[name](draw, 30 * DAY)) for _ in range(2))
    assert alarms <= MOST_ALARMS.get(name, 0)


def test_a_memory_that_is_full_in_weeks_is_left_alone() -> None:
    assert grown(line(5 * DAY, per_hour=3 * MB)).found is None


def test_a_constant_memory_does_not_grow_even_if_nothing_is_free() -> None:
    assert grown(np.full(2 * DAY, LIMIT)).found is None


def test_the_first_minutes_may_grow() -> None:
    used = np.concatenate([line(int(WARM_UP // 60), per_hour=6 * GB), np.full(DAY, 3 * GB)])
    assert alarms_of(used) == 0


def test_what_is_loaded_begins_anew() -> None:
    growth = grown(line(4 * 60, per_hour=200 * MB))
    assert growth.found is not None
    growth.restart(4 * 3600.0)
    assert growth.found is None
    for minute in range(4 * 60, 4 * 60 + 50):
        growth.add(minute * MINUTE, 2 * GB + 10 * MB * minute, GB)
    assert growth.found is None


def test_a_leak_that_was_mended_is_over() -> None:
    used = np.concatenate([line(4 * 60, per_hour=200 * MB), np.full(4 * 60, 2.8 * GB)])
    assert grown(used[: 4 * 60]).found is not None
    assert grown(used).found is None


def test_a_clock_that_goes_back_begins_anew() -> None:
    growth = grown(line(4 * 60, per_hour=200 * MB), start=1e9)
    growth.add(5e8, 2 * GB, GB)
    assert growth.found is None

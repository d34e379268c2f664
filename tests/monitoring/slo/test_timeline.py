from __future__ import annotations

import numpy as np
import pytest
from tests.monitoring.slo.world import DAY, NOW, course, spec, timeline

from dragoman.monitoring.service import ServiceCounts
from dragoman.monitoring.slo import Timeline
from dragoman.monitoring.times import stamp


def busy(days: float = 3.0, *, now: float = NOW):
    """Each minute has as many events as its number from the end, the last one 1."""
    minutes = int(days * DAY)
    return timeline(spec("hi", "de"), {("availability", "hi"): course(minutes, np.arange(minutes, 0, -1), 1)}, now=now)


@pytest.mark.parametrize("minutes", [1, 5, 60, 61, 1_440])
def test_a_window_of_up_to_a_day_is_exact_to_the_minute(minutes):
    sums = busy().sums(NOW)
    assert sums.of("availability", "hi", minutes) == (minutes * (minutes + 1) // 2, minutes)


@pytest.mark.parametrize("now", [NOW, NOW + 60 * 39, NOW + 60 * 40])
def test_a_longer_window_begins_at_the_full_hour(now):
    sums = busy(4.0, now=now).sums(now)
    in_hour = int(now) // 60 % 60 + 1
    assert sums.of("availability", "hi", 2 * DAY)[1] == 2 * DAY + in_hour


def test_windows_may_lie_a_day_back():
    sums = busy().sums(NOW)
    assert sums.of("availability", "hi", 2, ago=DAY) == (2 * DAY + 3, 2)


def test_windows_a_week_back_are_whole_hours():
    sums = busy(9.0).sums(NOW)
    assert sums.of("availability", "hi", 60, ago=7 * DAY)[1] == 60


def test_what_comes_after_the_moment_does_not_count():
    assert busy().sums(NOW - 3_600).of("availability", "hi", 1) == (61, 1)


def test_the_objective_over_all_languages_has_the_sum():
    model = spec("hi", "de")
    one = timeline(model, {("latency", language): course(3, 2, 1) for language in ("hi", "de", "other", "")})
    assert one.sums(NOW).of("latency", "", 60) == (24, 12)


def test_languages_that_the_model_no_longer_has_count_as_other():
    assert timeline(spec("de"), {("latency", "hi"): course(3, 2)}).sums(NOW).of("latency", "other", 60) == (6, 0)


def test_an_hour_that_is_put_again_replaces_what_it_had():
    one = Timeline(["hi"], days=30)
    for total in (5, 7):
        counts = ServiceCounts()
        counts.language("hi").events[0, 20] = (total, 1)
        one.put(stamp(NOW // 3_600 * 3_600), counts)
    assert one.sums(NOW).of("availability", "hi", 60) == (7, 1)


def test_nothing_is_nothing():
    assert Timeline(["hi"], days=30).sums(NOW).of("availability", "", 30 * DAY) == (0, 0)


def test_memory_is_bounded_by_the_period():
    one = Timeline(["hi"], days=1)
    for hour in range(1_000):
        one.put(stamp(3_600 * hour), ServiceCounts())
    assert (len(one._totals), len(one._minutes)) == (one.hours, 50)

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from tests.monitoring.drift.small import HOUR, START, profile_of, reference_of

from dragoman.monitoring.drift.baseline import BundleBaseline, TrafficBaseline, hour_of_week
from dragoman.monitoring.drift.grid import Grid, Sums
from dragoman.spec import DriftSpec

REFERENCE = reference_of()
GRID = Grid(REFERENCE)
PLAIN = DriftSpec(reference="traffic")
SEASONAL = DriftSpec(reference="traffic", seasonal=True)


def traffic(hours: int, *, step: int = HOUR, copies: int = 1) -> Iterator[tuple[float, Sums]]:
    """As many texts of one language in each hour as its number in the week, and one."""
    chance = np.random.default_rng(1)
    for place in range(hours):
        start = START + step * place
        sums = GRID.sums(profile_of(REFERENCE, {"de": 1 + hour_of_week(start)}, chance))
        yield start, Sums(*(copies * part for part in sums))


def test_the_week_begins_on_monday():
    assert [hour_of_week(START + HOUR * place) for place in (0, 1, 167, 168)] == [0, 1, 167, 0]


def test_all_traffic_is_the_reference_of_every_window():
    baseline = TrafficBaseline(GRID, PLAIN, traffic(336))

    assert baseline.standard(24, [START]).sums.texts.tolist() == [2 * 168 * 169 // 2, 0]
    assert baseline.end == START + 336 * HOUR


@pytest.mark.parametrize(("hours", "texts"), [([3], 2 * 4), ([3, 4, 171], 2 * (4 + 5))])
def test_a_seasonal_reference_has_the_hours_of_the_window_alone(hours, texts):
    baseline = TrafficBaseline(GRID, SEASONAL, traffic(336))

    assert baseline.standard(6, [START + HOUR * hour for hour in hours]).sums.texts.tolist() == [texts, 0]


def test_a_seasonal_reference_has_whole_weeks():
    baseline = TrafficBaseline(GRID, SEASONAL, traffic(400))

    assert baseline.standard(1, [START]).sums.texts.tolist() == [2, 0]


def test_buckets_of_minutes_are_taken_as_hours():
    spec = DriftSpec(reference="traffic", every_minutes=10, windows=[1, 6])
    baseline = TrafficBaseline(GRID, spec, traffic(6 * 48, step=600))

    assert baseline.standard(1, [START]).sums.texts.sum() == 6 * 48 * 49 // 2
    assert baseline.standard(1, [START]).inflation is not None


def test_no_traffic_is_no_reference():
    standard = TrafficBaseline(GRID, PLAIN, iter([])).standard(1, [START])

    assert standard.sums.counts.sum() == 0
    assert standard.inflation is None


def test_copies_of_texts_inflate_every_window():
    baseline = TrafficBaseline(GRID, PLAIN, traffic(336, copies=4))
    found = [baseline.standard(window, []).inflation for window in PLAIN.windows]

    rows = GRID.parts.histogram < 2  # the language that has traffic
    assert all(np.median(one[rows]) > 3.5 for one in found)
    assert all((longer >= shorter).all() for shorter, longer in itertools.pairwise(found))


def test_the_mix_of_a_bundle_is_that_of_traffic_or_nothing():
    with_traffic = BundleBaseline(GRID, TrafficBaseline(GRID, PLAIN, traffic(336))).standard(1, [])
    alone = BundleBaseline(GRID).standard(1, [])

    assert alone.sums.counts[GRID.mix].tolist() == [0, 0, 0]
    assert with_traffic.sums.counts[GRID.mix].tolist() == [2 * 168 * 169 // 2, 0, 0]
    assert with_traffic.sums.counts[: GRID.mix.start].tolist() == GRID.reference.counts[: GRID.mix.start].tolist()
    assert (with_traffic.inflation[GRID.parts.start < GRID.mix.start] == 1).all()

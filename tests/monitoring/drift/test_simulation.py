from __future__ import annotations

import math

import numpy as np
import pytest

from dragoman.monitoring.drift.baseline import BundleBaseline
from dragoman.monitoring.drift.comparison import compare
from dragoman.monitoring.drift.grid import Grid
from dragoman.monitoring.drift.simulated_world import World, quantile_reference
from dragoman.monitoring.drift.simulation import Alarm, alarms, alerts, screened
from dragoman.spec import DriftSpec

FEW = ("tokens", "score", "unknown", "label")


def played(world: World, hours: int, *, seed: int = 1) -> list[Alarm]:
    chance = np.random.default_rng(seed)
    reference, shares = world.build(chance)
    grid = Grid(reference)
    return list(alarms(DriftSpec(), grid, BundleBaseline(grid), world.hours(grid, shares, chance, hours)))


@pytest.mark.parametrize(("texts", "reference_texts"), [(50, 300), (50_000, 300)])
def test_the_knob_is_kept_at_few_texts_and_at_many(texts, reference_texts):
    """With 100 accepted false alarms in 30 days there are some in 48 hours."""
    world = World(languages=6, texts=texts, reference_texts=reference_texts, signals=FEW)
    counts = [alerts(played(world, 48, seed=seed), 100.0)[1] for seed in range(6)]

    assert 0 < sum(counts) <= 6 * 100.0 * 48 / 720


def test_a_change_of_a_fifth_of_the_texts_is_found_in_hours():
    world = World(languages=30, texts=200, reference_texts=1_000, signals=("label",))
    chance = np.random.default_rng(1)
    reference, shares = world.build(chance)
    grid = Grid(reference)
    moved = np.tile(np.array([0.1, 0.4, *shares[2:10]]), 30)

    found = alarms(DriftSpec(), grid, BundleBaseline(grid), world.hours(grid, moved, chance, 6), watched=441)

    assert len({one.cell for one in found if one.log_p <= one.log_level}) == 30


@pytest.mark.parametrize("texts", [60, 3_000])
def test_what_the_simulation_finds_is_what_the_judge_would(texts):
    world = World(languages=3, texts=texts, season=0.6)
    chance = np.random.default_rng(1)
    reference, shares = world.build(chance)
    grid = Grid(reference)
    leaning = world.by_hour(grid, shares, chance)[12]
    (sums,) = world.hours(grid, leaning, chance, 1)

    logs, effects = screened(grid.parts, sums.counts, grid.reference.counts)
    exact = compare(grid.parts, sums.counts, grid.reference.counts)

    small = exact.log_p <= math.log(1e-6)
    assert small.any()
    assert logs[small] == pytest.approx(exact.log_p[small])
    assert effects[small] == pytest.approx(exact.effect[small])


def test_runs_of_alarms_are_one_alert():
    found = [Alarm(look, 1, 7, -20.0, -10.0, 0.1) for look in (3, 4, 5, 9)] + [Alarm(4, 6, 7, -20.0, -10.0, 0.1)]

    assert alerts(found, 1.0) == (5, 2)
    assert alerts(found, 1.0, min_change=0.2) == (0, 0)
    assert alerts(found, 1e-6) == (0, 0)


def test_texts_of_an_hour_are_spread_over_every_signal_alike():
    world = World(languages=2, texts=40, copies=5)
    chance = np.random.default_rng(1)
    reference, shares = world.build(chance)
    grid = Grid(reference)
    (sums,) = world.hours(grid, shares, chance, 1)

    totals = grid.parts.totals(sums.counts)
    assert totals[: len(world.signals)].tolist() == [sums.texts[0]] * len(world.signals)
    assert sums.counts[grid.mix].tolist() == [*sums.texts, 0]
    assert (sums.counts % 5 == 0).all()


def test_shares_of_the_hours_are_shares_around_the_usual_ones():
    world = World(languages=2, season=0.1)
    chance = np.random.default_rng(1)
    reference, shares = world.build(chance)
    grid = Grid(reference)
    by_hour = world.by_hour(grid, shares, chance)

    assert by_hour.sum(axis=1) == pytest.approx(np.full(168, 2 * len(world.signals)))
    assert np.abs(by_hour - shares).max() > 0.01


def test_edges_at_quantiles_hold_the_shares_that_they_should_on_average():
    chance = np.random.default_rng(1)
    counts, _ = quantile_reference(300, chance)
    mean = np.mean([quantile_reference(300, chance)[1] for _ in range(2_000)], axis=0)

    assert counts.sum() == 300
    assert (counts[0], counts[-1]) == (0, 0)
    assert mean[1:-1] == pytest.approx(counts[1:-1] / 301, abs=0.004)
    assert mean[0] == pytest.approx(1 / 301, abs=0.001)

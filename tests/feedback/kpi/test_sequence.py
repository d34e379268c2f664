from __future__ import annotations

import numpy as np
import pytest

from dragoman.feedback.kpi.sequence import STAKES, Steps, bounds, log_wealth, mirrored
from dragoman.feedback.kpi.trial import mean_bounds, mean_steps

LIMIT = np.log(2 / 0.05)
WORLDS = 200


def ever_missed(values: np.ndarray, mean: float) -> bool:
    steps = mean_steps(values)
    return bool((log_wealth(steps, mean) >= LIMIT).any() or (log_wealth(mirrored(steps), -mean) >= LIMIT).any())


def rare(rng: np.random.Generator) -> np.ndarray:
    return (rng.random(2_000) < 0.01).astype(float)


def even(rng: np.random.Generator) -> np.ndarray:
    return (rng.random(2_000) < 0.5).astype(float)


def skewed(rng: np.random.Generator) -> np.ndarray:
    return np.minimum(rng.exponential(1, 2_000) ** 3 / 200, 1.0)


@pytest.mark.parametrize(("draw", "mean"), [(rare, 0.01), (even, 0.5), (skewed, None)])
def test_the_interval_of_a_mean_holds_at_every_time_at_once(draw, mean):
    truth = np.mean([draw(np.random.default_rng(one)).mean() for one in range(3_000)]) if mean is None else mean
    rng = np.random.default_rng(0)
    assert np.mean([ever_missed(draw(rng), truth) for _ in range(WORLDS)]) <= 0.05


def test_the_ends_are_where_the_wealth_reaches_its_limit():
    steps = mean_steps(even(np.random.default_rng(1)))
    low, high = bounds(steps, alpha=0.05, least=0.0, greatest=1.0)
    assert log_wealth(steps, low)[-1] == pytest.approx(LIMIT, abs=1e-6)
    assert log_wealth(mirrored(steps), -high)[-1] == pytest.approx(LIMIT, abs=1e-6)
    assert low < 0.5 < high


def test_without_values_anything_may_be():
    assert mean_bounds(np.zeros(0), alpha=0.05) == (0.0, 1.0)


def test_the_interval_closes_in_as_values_come():
    values = even(np.random.default_rng(2))
    widths = [np.diff(mean_bounds(values[:n], alpha=0.05))[0] for n in (20, 200, 2_000)]
    assert widths[0] > 2 * widths[1] > 4 * widths[2]


def test_more_values_than_are_computed_at_once_give_the_same(monkeypatch):
    values = rare(np.random.default_rng(3))
    whole = mean_bounds(values, alpha=0.05)
    monkeypatch.setattr("dragoman.feedback.kpi.sequence.CHUNK", 300)
    assert mean_bounds(values, alpha=0.05) == pytest.approx(whole, abs=1e-12)


def test_no_stake_makes_a_fair_game_pay():
    """The expectation of each step's factor, over both values of a coin, is at most 1 for every stake and guess."""
    for mean in (0.02, 0.5, 0.97):
        for guess in (0.0, 0.3, 1.0):
            x, one = np.array([0.0, 1.0]), np.ones(2)
            steps = Steps(x, guess * one, one, below=guess * one, above=(1 - guess) * one)
            for side, at in ((steps, mean), (mirrored(steps), -mean)):
                wealth = np.exp([log_wealth(Steps(*(v[i : i + 1] for v in side)), at)[0] for i in (0, 1)])
                assert wealth @ [1 - mean, mean] <= 1 + 1e-12
    assert len(STAKES) == 12


def test_every_end_lies_within_the_ends_that_are_possible():
    assert mean_bounds(np.ones(5_000), alpha=0.05)[1] == pytest.approx(1.0)
    assert mean_bounds(np.zeros(5_000), alpha=0.05)[0] == pytest.approx(0.0)

from __future__ import annotations

import numpy as np
import pytest

from dragoman.feedback.kpi.sequence import log_wealth, mirrored
from dragoman.feedback.kpi.trial import Trial, draw_is_fair

LIMIT = np.log(2 / 0.05)
WORLDS = 150
RAMP = np.repeat([0.01, 0.05, 0.25, 0.5], 1_000)


def drawn(rng: np.random.Generator, share: np.ndarray) -> np.ndarray:
    return (rng.random(len(share)) < share).astype(float)


def ever_missed(trial: Trial, lift: float) -> bool:
    steps = trial.steps()
    return bool((log_wealth(steps, lift) >= LIMIT).any() or (log_wealth(mirrored(steps), -lift) >= LIMIT).any())


def resolved(rng: np.random.Generator, treated: np.ndarray) -> np.ndarray:
    return (rng.random(len(treated)) < 0.3 + 0.1 * treated).astype(float)


def spent(rng: np.random.Generator, treated: np.ndarray) -> np.ndarray:
    """One in a hundred spends all that counts, and of the challenger's subjects one in twelve."""
    return (rng.random(len(treated)) < 0.01 + 0.0725 * treated) * rng.choice([0.1, 1.0], len(treated), p=[0.5, 0.5])


@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
@pytest.mark.parametrize(("draw", "lift"), [(resolved, 0.1), (spent, 0.0725 * 0.55)])
def test_the_interval_of_a_lift_holds_at_every_time_at_once(share, draw, lift):
    rng, missed = np.random.default_rng(0), 0
    for _ in range(WORLDS):
        shares = np.full(4_000, share)
        treated = drawn(rng, shares)
        missed += ever_missed(Trial(treated, shares, draw(rng, treated)), lift)
    assert missed <= 0.05 * WORLDS


def test_a_season_during_the_ramp_is_no_lift():
    """The share of challengers and the number rise together, and pooled means would differ."""
    rng, missed, pooled = np.random.default_rng(1), 0, []
    for _ in range(WORLDS):
        treated = drawn(rng, RAMP)
        values = (rng.random(len(RAMP)) < np.linspace(0.05, 0.6, len(RAMP))).astype(float)
        missed += ever_missed(Trial(treated, RAMP, values), 0.0)
        pooled.append(values[treated == 1].mean() - values[treated == 0].mean())
    assert missed <= 0.05 * WORLDS
    assert np.mean(pooled) > 0.1


def test_the_arms_are_weighed_so_that_every_step_counts_alike_for_both():
    rng = np.random.default_rng(2)
    differences = []
    for _ in range(200):
        treated = drawn(rng, RAMP)
        champion, challenger = Trial(treated, RAMP, (rng.random(4_000) < np.linspace(0.05, 0.6, 4_000)) * 1.0).arms()
        differences.append(challenger - champion)
    assert abs(np.mean(differences)) < 0.005


def test_a_true_lift_is_seen_and_the_interval_is_not_twice_as_wide_as_one_of_a_fixed_number():
    rng, shares = np.random.default_rng(3), np.full(20_000, 0.5)
    treated = drawn(rng, shares)
    low, high = Trial(treated, shares, (rng.random(20_000) < 0.3 + 0.05 * treated) * 1.0).lift_bounds(alpha=0.05)
    fixed = 2 * 1.96 * np.sqrt((0.3 * 0.7 + 0.35 * 0.65) / 10_000)
    assert 0 < low < 0.05 < high
    assert high - low < 2 * fixed


def test_an_arm_without_subjects_has_no_value():
    assert Trial(np.zeros(50), np.full(50, 0.3), np.ones(50)).arms() == (1.0, None)


def test_arms_that_lose_subjects_are_noticed_and_fair_ones_are_not():
    rng, shares = np.random.default_rng(4), np.full(5_000, 0.5)
    assert all(draw_is_fair(drawn(rng, shares), shares) for _ in range(100))
    treated = drawn(rng, shares)
    kept = (treated == 0) | (rng.random(5_000) < 0.8)  # a fifth of the challenger's rows never arrives
    assert not draw_is_fair(treated[kept], shares[kept])

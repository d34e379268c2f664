from __future__ import annotations

import pytest
from bench.governor_simulation import World, false_starts, first_trigger, play_of


@pytest.mark.parametrize("world", [World(audits=100), World(audits=50, maturity=2, has_objective=True)])
def test_a_model_that_stays_as_good_as_it_was_is_rarely_trained(world):
    assert len(false_starts(world, 12)) <= 2


def test_languages_that_drift_and_fall_are_found_by_their_audits():
    world = World(audits=200, maturity=2, fallen=2, is_seen=True)
    found = [first_trigger(play_of(world, seed), every=24) for seed in range(5)]
    assert all(one is not None and one[1] == "quality" and one[0] < 30 for one in found)


def test_the_same_seed_plays_the_same_world():
    first, second = (play_of(World(), 4) for _ in range(2))
    assert first.held == second.held
    assert (first.audited.right == second.audited.right).all()

from __future__ import annotations

import numpy as np
import pytest

from dragoman.release.tally import HARMS
from dragoman.release.world import (
    LANGUAGES,
    World,
    chances,
    disagreement,
    label_chances,
    latency_chances,
    rate_at,
    shares_of,
    zipf_shares,
)
from dragoman.spec import ReleaseSpec

SPEC = ReleaseSpec()
NO_DROP = np.zeros(2)
DROP = np.array([0.0, 0.05])


def means(drawn) -> list[float]:
    return (drawn.shares @ HARMS[drawn.places]).tolist()


@pytest.mark.parametrize("name", ["errors", "abstention", "confidence"])
def test_a_healthy_challenger_does_no_harm_on_average(name):
    drawn = chances(World(), SPEC, NO_DROP)[name]

    assert means(drawn) == pytest.approx([0, 0], abs=1e-12)
    assert drawn.shares.sum(axis=1) == pytest.approx([1, 1])
    assert drawn.shares.min() >= 0


@pytest.mark.parametrize("name", ["errors", "abstention", "confidence"])
def test_at_the_limit_the_mean_harm_is_the_margin(name):
    drawn = chances(World(at_limit=True), SPEC, NO_DROP)[name]

    assert means(drawn) == pytest.approx([getattr(SPEC.margins, name)] * 2)


@pytest.mark.parametrize("block", [1, 3, 16])
def test_latency_has_the_mean_that_it_should(block):
    healthy, worst = (latency_chances(World(at_limit=at_limit), SPEC, block) for at_limit in (False, True))

    assert means(healthy) == pytest.approx([0], abs=1e-9)
    assert means(worst) == pytest.approx([SPEC.margins.latency])


def test_a_drop_lowers_accuracy_by_as_much_and_raises_disagreement_by_nearly_as_much():
    world = World()
    pairs = label_chances(world, SPEC, DROP, np.full((1, 2), 0.08))[0]

    assert pairs.sum(axis=1) == pytest.approx([1, 1])
    assert (pairs[:, 0] - pairs[:, 1]).tolist() == pytest.approx([0, 0.05])
    assert (1 - pairs[:, 3]).tolist() == pytest.approx(disagreement(world, DROP).tolist())
    assert disagreement(world, DROP).tolist() == pytest.approx([0.05, 0.0989], abs=1e-4)


def test_at_the_limit_labels_differ_as_often_as_each_release_allows():
    pairs = label_chances(World(at_limit=True), SPEC, NO_DROP, np.array([[0.08, 0.1]]))[0]

    assert (1 - pairs[:, 3]).tolist() == pytest.approx([0.08, 0.1])
    assert (pairs[:, 0] - pairs[:, 1]).tolist() == pytest.approx([0.02, 0.02])


def test_shares_follow_zipfs_law_but_for_those_that_are_given():
    assert zipf_shares(3).tolist() == pytest.approx([6 / 11, 3 / 11, 2 / 11])
    assert shares_of(["en", "th", "de"], {"th": 0.02}).tolist() == pytest.approx([0.98 * 3 / 4, 0.02, 0.98 / 4])


def test_there_are_forty_languages_and_none_twice():
    assert len(set(LANGUAGES)) == len(LANGUAGES) == 40


def test_days_and_nights_have_the_same_traffic_in_all():
    rates = [rate_at(World(cycle=0.8), hour) for hour in range(24)]

    assert np.mean(rates) == pytest.approx(1.0)
    assert max(rates) == pytest.approx(1.8)

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.release.metrics import METRICS
from dragoman.release.multiplicity import cell_weights, discoveries

evidence = st.lists(st.floats(-5, 12), min_size=1, max_size=12)


def rejected_by_definition(logs: np.ndarray, weights: np.ndarray, alpha: float) -> list[bool]:
    """For the greatest k such that k weighted e-values `K * w * e` are at least `K / (alpha * k)`: those k."""
    values = len(logs) * weights * np.exp(logs)
    for k in range(len(logs), 0, -1):
        enough = values >= len(logs) / (alpha * k)
        if enough.sum() >= k:
            return enough.tolist()
    return [False] * len(logs)


@given(evidence, st.integers(0, 2**31), st.sampled_from([0.01, 0.05, 0.3]))
def test_e_bh_rejects_what_its_definition_says(logs, seed, alpha):
    weights = np.random.default_rng(seed).dirichlet(np.ones(len(logs)))

    found = discoveries(np.array(logs), weights, alpha=alpha)
    assert found.tolist() == rejected_by_definition(np.array(logs), weights, alpha)


@given(evidence, st.integers(0, 2**31))
def test_more_evidence_never_means_fewer_discoveries(logs, seed):
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(len(logs)))
    less = discoveries(np.array(logs), weights, alpha=0.05)
    more = discoveries(np.array(logs) + rng.exponential(1.0, len(logs)), weights, alpha=0.05)

    assert np.all(more >= less)


def test_many_releases_are_decided_as_each_alone():
    logs, weights = np.random.default_rng(0).normal(3, 3, size=(4, 5, 7)), np.full(7, 1 / 7)
    together = discoveries(logs, weights, alpha=0.05)

    assert together[2, 3].tolist() == discoveries(logs[2, 3], weights, alpha=0.05).tolist()
    assert together.any()
    assert not together.all()


@pytest.mark.parametrize("dependence", ["none", "full"])
def test_true_hypotheses_are_ever_rejected_at_most_alpha_of_the_time(dependence):
    """40 fair games of 200 rounds, looked at after every round, 1,500 times."""
    rng, games = np.random.default_rng(2), 40
    steps = rng.choice([np.log(1.5), np.log(0.5)], size=(1_500, 200, games if dependence == "none" else 1))
    logs = np.broadcast_to(steps.cumsum(axis=1), (1_500, 200, games))
    ever = discoveries(logs, np.full(games, 1 / games), alpha=0.1).any(axis=(1, 2)).mean()

    assert ever <= 0.1 + 4 * np.sqrt(0.1 * 0.9 / 1_500)


def test_two_harms_together_are_found_where_each_alone_is_not():
    weights = np.full(4, 0.25)
    one, both = np.log([79.0, 1, 1, 1]), np.log([79.0, 79, 1, 1])

    assert not discoveries(one, weights, alpha=0.05).any()
    assert discoveries(both, weights, alpha=0.05).tolist() == [True, True, False, False]


def test_weights_sum_to_one_and_favour_agreement():
    weights = cell_weights(40)

    assert weights.shape == (6, 41)
    assert weights.sum() == pytest.approx(1.0)
    assert METRICS[int(weights[:, 0].argmax())].name == "agreement"

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dragoman.monitoring.slo import burn_rules, evidence


@given(st.integers(1, 2_000), st.floats(1e-5, 0.9), st.data())
def test_chance_reaches_it_no_more_often_than_stated(total, budget, data):
    bad = data.draw(st.integers(0, total))
    assert stats.binom.logsf(bad - 1, total, budget) <= -evidence(bad, total, budget) + 1e-6


def test_it_is_the_likelihood_ratio():
    found = evidence(30, 100, 0.1)
    assert found == pytest.approx(stats.binom.logpmf(30, 100, 0.3) - stats.binom.logpmf(30, 100, 0.1))


@pytest.mark.parametrize(("bad", "total"), [(0, 0), (0, 100), (10, 100), (1, 1_000)])
def test_no_more_than_the_budget_is_no_evidence(bad, total):
    assert evidence(bad, total, 0.1) == 0.0


def test_one_failure_says_no_more_than_the_budget_makes_it_rare():
    assert evidence(1, 1, 0.001) == pytest.approx(math.log(1_000))
    assert evidence(1, 1, 0.001) < min(rule.evidence for rule in burn_rules(0.001, 30))


@pytest.mark.parametrize(("total", "budget"), [(60, 0.001), (1_440, 0.001), (10_000_000, 0.001), (500, 0.1)])
def test_enough_bad_events_are_found_whatever_the_traffic(total, budget):
    hour = burn_rules(budget, 30)[0]
    most = stats.binom.isf(1e-9, total, budget)
    assert evidence(most + 2, total, budget) >= hour.evidence
    assert np.isfinite(evidence(total, total, budget))

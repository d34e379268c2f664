from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.monitoring.service import LatencyHistogram
from dragoman.monitoring.service.histogram import BUCKETS


def histogram(*seconds: float) -> LatencyHistogram:
    counted = LatencyHistogram()
    for one in seconds:
        counted.add(one)
    return counted


@given(st.lists(st.floats(2e-5, 1_000.0), min_size=1, max_size=50), st.sampled_from([0.0, 0.5, 0.9, 0.99, 1.0]))
def test_a_quantile_is_within_five_percent(seconds, share):
    exact = sorted(seconds)[max(1, math.ceil(share * len(seconds))) - 1]
    assert histogram(*seconds).quantile(share) == pytest.approx(exact, rel=0.05)


def test_quantiles_of_a_day_agree_with_those_of_numpy():
    seconds = np.random.default_rng(0).lognormal(-3.0, 1.0, 20_000)
    counted = histogram(*seconds)
    for share in (0.5, 0.95, 0.99):
        assert counted.quantile(share) == pytest.approx(np.quantile(seconds, share), rel=0.05)


def test_nothing_has_no_quantile():
    assert histogram().quantile(0.5) is None


@pytest.mark.parametrize(("seconds", "bucket"), [(0.0, 0), (-1.0, 0), (math.nan, 0), (1e9, -1), (math.inf, -1)])
def test_times_beyond_the_ends_count_in_the_last_buckets(seconds, bucket):
    assert histogram(seconds).counts[bucket] == 1


def test_what_two_counted_adds_up():
    one, other = histogram(0.1, 0.2), histogram(0.1)
    one.merge(other)
    assert one.counts.tolist() == histogram(0.1, 0.1, 0.2).counts.tolist()
    assert len(one.counts) == BUCKETS

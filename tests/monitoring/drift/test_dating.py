from __future__ import annotations

import numpy as np
import pytest

from dragoman.monitoring.drift.dating import find_onset


def course(change: int, *, texts: int = 200, buckets: int = 48, before: float = 0.1, after: float = 0.3, seed: int = 1):
    chance = np.random.default_rng(seed)
    shares = np.where(np.arange(buckets) < change, before, after)
    return chance.binomial(texts, shares).astype(float), np.full(buckets, float(texts))


@pytest.mark.parametrize("change", [1, 20, 40, 47])
def test_a_clear_change_is_dated_to_its_bucket(change):
    hits, texts = course(change)

    onset = find_onset(hits, texts, 100.0, 1_000.0)

    assert onset.bucket == change
    assert onset.log_likelihood_ratio > 5


def test_a_change_before_the_first_bucket_is_dated_to_it():
    hits, texts = course(0)

    assert find_onset(hits, texts, 100.0, 1_000.0).bucket == 0


def test_the_bucket_is_nearly_always_among_those_that_may_be():
    found = [find_onset(*course(30, texts=30, seed=seed), 100.0, 1_000.0) for seed in range(200)]

    assert np.mean([one.earliest <= 30 <= one.latest for one in found]) >= 0.93
    assert all(one.earliest <= one.bucket <= one.latest for one in found)


def test_buckets_without_texts_say_nothing():
    hits, texts = course(20)
    hits[10:15], texts[10:15] = 0.0, 0.0

    assert find_onset(hits, texts, 100.0, 1_000.0).bucket == 20


def test_without_a_change_nothing_speaks_for_one():
    onset = find_onset(np.full(10, 20.0), np.full(10, 200.0), 100.0, 1_000.0)

    assert onset.log_likelihood_ratio == pytest.approx(0.0, abs=1e-9)

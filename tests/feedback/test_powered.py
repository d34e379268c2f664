"""Size of the intervals by simulation, and what the scores are worth."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dragoman.feedback.powered import FEWEST, Proxy, Sample, powered_accuracy, sampled_accuracy

Doubles = NDArray[np.float64]
N = 5_000
TRIALS = 150


def drawn(right: Doubles, scores: Doubles, inclusion: Doubles, chance: np.random.Generator) -> tuple[Sample, Proxy]:
    is_drawn = chance.random(len(right)) < inclusion
    sample = Sample(right[is_drawn], scores[is_drawn], inclusion[is_drawn])
    return sample, Proxy(len(scores), float(scores.mean()), float(scores.var()))


def world(accuracy: float, chance: np.random.Generator, *, spread: float = 2.0) -> tuple[Doubles, Doubles]:
    """The probability of being right of each answer, and whether it is."""
    sure = chance.beta(accuracy * spread, (1 - accuracy) * spread, N)
    return sure, (chance.random(N) < sure).astype(float)


def coverage(accuracy: float, n: int, *, overconfident: float = 1.0, unequal: bool = False) -> tuple[float, float]:
    """How often the interval holds the true accuracy, and its width beside that of the sample alone."""
    chance = np.random.default_rng(7)
    held, widths = 0, []
    for _ in range(TRIALS):
        sure, right = world(accuracy, chance)
        scores = sure**overconfident
        weight = np.where(scores < 0.8, 3.0, 1.0) if unequal else np.ones(N)
        sample, proxy = drawn(right, scores, np.minimum(n * weight / weight.sum(), 1.0), chance)
        found, alone = powered_accuracy(sample, proxy), sampled_accuracy(sample)
        if found and alone:
            held += found.low <= right.mean() <= found.high
            widths.append((found.high - found.low) / (alone.high - alone.low))
    return held / len(widths), float(np.mean(widths))


@pytest.mark.parametrize("accuracy", [0.6, 0.9, 0.97])
@pytest.mark.parametrize(
    "how", [{}, {"overconfident": 0.4}, {"unequal": True}], ids=["fair", "overconfident", "unequal"]
)
@pytest.mark.parametrize("n", [20, 100])
def test_the_interval_holds_the_accuracy_as_often_as_it_says(accuracy, how, n):
    held, _ = coverage(accuracy, n, **how)
    assert held >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / TRIALS)


def test_scores_that_know_something_make_the_interval_narrower():
    _, width = coverage(0.8, 200)
    assert width < 0.9


def test_useless_scores_cost_next_to_nothing():
    chance = np.random.default_rng(3)
    _, right = world(0.9, chance)
    sample, proxy = drawn(right, chance.random(N), np.full(N, 0.04), chance)
    found, alone = powered_accuracy(sample, proxy), sampled_accuracy(sample)
    assert (found.high - found.low) / (alone.high - alone.low) == pytest.approx(1.0, abs=0.02)


def test_scores_that_promise_too_much_are_corrected():
    chance = np.random.default_rng(5)
    sure, right = world(0.7, chance)
    sample, proxy = drawn(right, sure**0.2, np.full(N, 0.2), chance)
    found = powered_accuracy(sample, proxy)
    assert proxy.mean > 0.85
    assert found.value == pytest.approx(right.mean(), abs=0.04)


def test_a_sample_that_prefers_doubtful_answers_is_weighed():
    chance = np.random.default_rng(9)
    sure, right = world(0.8, chance)
    sample, proxy = drawn(right, sure, np.where(sure < 0.8, 0.4, 0.1), chance)
    assert sample.right.mean() < right.mean() - 0.05
    assert powered_accuracy(sample, proxy).value == pytest.approx(right.mean(), abs=0.04)
    assert sampled_accuracy(sample).value == pytest.approx(right.mean(), abs=0.06)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_sample_without_exception_proves_no_certainty(share):
    sample = Sample(np.full(20, share), np.full(20, 0.9), np.full(20, 0.1))
    found = powered_accuracy(sample, Proxy(200, 0.9, 0.0))
    assert found.value == share
    assert 0.1 < found.high - found.low < 0.4


def test_fewer_labels_than_show_a_spread_give_no_accuracy():
    few = FEWEST - 1
    sample = Sample(np.ones(few), np.ones(few), np.ones(few))
    assert powered_accuracy(sample, Proxy(100, 1.0, 0.0)) is None
    assert sampled_accuracy(Sample(*(np.ones(0) for _ in range(3)))) is None


def test_the_estimate_never_leaves_the_shares():
    sample = Sample(np.ones(10), np.linspace(0.1, 0.4, 10), np.full(10, 0.1))
    found = powered_accuracy(sample, Proxy(100, 0.99, 0.0))
    assert 0 <= found.low <= found.value <= found.high <= 1

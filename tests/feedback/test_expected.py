from __future__ import annotations

import numpy as np
import pytest

from dragoman.feedback.expected import expected_accuracy
from dragoman.feedback.powered import Proxy

N = 4_000


def proxy_of(scores: np.ndarray) -> Proxy:
    return Proxy(len(scores), float(scores.mean()), float(scores.var()))


def test_calibrated_scores_foretell_the_accuracy_as_often_as_they_say():
    chance = np.random.default_rng(1)
    held = 0
    for _ in range(300):
        scores = chance.beta(8, 2, N)
        found = expected_accuracy(proxy_of(scores))
        held += found.low <= (chance.random(N) < scores).mean() <= found.high
    assert 0.93 <= held / 300 <= 1.0


def test_another_mix_of_easy_and_hard_texts_is_seen_without_labels():
    chance = np.random.default_rng(2)
    hard = chance.beta(5, 5, N)
    found = expected_accuracy(proxy_of(hard))
    assert found.value == pytest.approx((chance.random(N) < hard).mean(), abs=0.03)


def test_a_changed_meaning_of_the_same_texts_is_not_seen():
    chance = np.random.default_rng(3)
    scores = chance.beta(9, 1, N)
    right = (chance.random(N) < scores) & (chance.random(N) < 0.8)  # a fifth of the texts mean something new
    found = expected_accuracy(proxy_of(scores))
    assert found.low > right.mean() + 0.1


def test_the_calibration_error_makes_it_wider():
    narrow, wide = (expected_accuracy(Proxy(1_000, 0.9, 0.01), calibration_error=error) for error in (0.0, 0.05))
    assert wide.low == pytest.approx(narrow.low - 0.05)
    assert wide.high == pytest.approx(narrow.high + 0.05)
    assert expected_accuracy(Proxy(1_000, 0.99, 0.01), calibration_error=0.05).high == 1.0


def test_without_predictions_nothing_is_expected():
    assert expected_accuracy(Proxy(0, 0.0, 0.0)) is None

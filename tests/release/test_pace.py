from __future__ import annotations

import numpy as np
import pytest

from dragoman.release.pace import PaceMatch
from dragoman.release.route import CHALLENGER, CHAMPION


@pytest.mark.parametrize("share", [0.02, 0.5])
def test_a_challenger_with_the_champion_s_times_does_no_harm_on_average(share: float) -> None:
    random, match, harms = np.random.default_rng(7), PaceMatch(), []
    for seconds, is_challenger in zip(random.lognormal(size=60_000), random.random(60_000) < share, strict=True):
        harm = match.add(CHALLENGER if is_challenger else CHAMPION, float(seconds))
        harms += [] if harm is None else [harm]
    error = np.std(harms) / len(harms) ** 0.5
    assert abs(np.mean(harms)) < 4 * error
    assert error < 0.02


def test_a_burst_that_slows_both_is_nobody_s_harm() -> None:
    random, match, harms = np.random.default_rng(8), PaceMatch(), []
    for number, draw in enumerate(random.lognormal(sigma=0.1, size=20_000)):
        slow = 3.0 if (number // 1_000) % 2 else 1.0
        harm = match.add(CHALLENGER if number % 2 else CHAMPION, float(draw * slow))
        harms += [] if harm is None else [harm]
    assert abs(np.mean(harms)) < 0.02


def test_an_answer_of_the_champion_is_used_once() -> None:
    match = PaceMatch()
    for _ in range(200):
        match.add(CHAMPION, 1.0)
    assert match.add(CHALLENGER, 1.0) is not None
    assert match.add(CHALLENGER, 1.0) is None

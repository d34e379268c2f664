from __future__ import annotations

import numpy as np
import pytest

from dragoman.monitoring.drift import bursts
from dragoman.monitoring.drift.bursts import recent_inflation
from dragoman.monitoring.drift.parts import Parts

PARTS = Parts([4, 2], ["categories", "categories"], [0, 1])
ROWS = np.arange(4)
SHARES = np.array([0.4, 0.3, 0.2, 0.1])
LATER = np.array([0.1, 0.3, 0.2, 0.4])


def hours(
    count: int, *, copies: int = 1, texts: int = 600, change: int | None = None, seed: int = 1
) -> list[np.ndarray]:
    chance = np.random.default_rng(seed)
    shares = [LATER if change is not None and hour >= change else SHARES for hour in range(count)]
    return [
        np.append(copies * chance.multinomial(chance.poisson(texts / copies), own), [texts, texts]).astype(np.int64)
        for own in shares
    ]


def test_independent_texts_are_hardly_inflated():
    found = recent_inflation(PARTS, ROWS, hours(168), window=24)

    assert (found >= 1).all()
    assert (found < 2.0).all()


def test_texts_that_come_five_times_count_a_fifth():
    found = recent_inflation(PARTS, ROWS, hours(168, copies=5), window=1)

    assert (found > 4.5).all()
    assert np.median(found) == pytest.approx(6.5, abs=1.5)  # more than 5, to be safe


def test_a_change_does_not_hide_itself():
    sudden = recent_inflation(PARTS, ROWS, hours(40, change=30), window=1)

    assert (sudden < 1.8).all()


def test_bursts_of_several_hours_are_measured_for_longer_windows():
    chance = np.random.default_rng(1)
    shaken = np.repeat(chance.dirichlet(100 * SHARES, 28), 6, axis=0)
    counts = [np.append(chance.multinomial(600, own), [5, 5]) for own in shaken]

    short, long = (recent_inflation(PARTS, ROWS, counts, window=window) for window in (1, 24))

    assert (long > 2 * short).all()
    assert (long > 10).all()


@pytest.mark.parametrize("count", [0, 1, 9])
def test_few_buckets_say_nothing(count):
    assert recent_inflation(PARTS, ROWS, hours(count, copies=5), window=24).tolist() == [1, 1, 1, 1]


def test_many_parts_are_measured_a_few_at_a_time(monkeypatch):
    buckets = hours(60, copies=3)
    whole = recent_inflation(PARTS, ROWS, buckets, window=6)

    monkeypatch.setattr(bursts, "ROWS", 3)

    assert recent_inflation(PARTS, ROWS, buckets, window=6) == pytest.approx(whole)
    assert recent_inflation(PARTS, ROWS[:0], buckets, window=6).tolist() == []

from __future__ import annotations

import numpy as np
import pytest

from dragoman.monitoring.drift.dispersion import inflations
from dragoman.monitoring.drift.parts import Parts

SHARES = np.array([0.4, 0.3, 0.2, 0.1])
PARTS = Parts([4], ["categories"], [0])


def blocks(chance: np.random.Generator, count: int, *, copies: int = 1, shares: np.ndarray = SHARES):
    return [(copies * chance.multinomial(1_000 // copies, shares)).astype(np.int32) for _ in range(count)]


def test_independent_texts_are_hardly_inflated():
    found = inflations(PARTS, [blocks(np.random.default_rng(1), 336)])

    assert (found >= 1).all()
    assert (found < 1.3).all()


def test_texts_that_come_five_times_count_a_fifth():
    found = inflations(PARTS, [blocks(np.random.default_rng(1), 336, copies=5)])

    assert found == pytest.approx(np.full(4, 5.5), abs=1.0)  # a little more than 5, to be safe


def test_what_changes_with_the_hour_is_no_burst_among_the_same_hours():
    chance = np.random.default_rng(1)
    day, night = (blocks(chance, 40, shares=shares) for shares in (SHARES, SHARES[::-1]))

    mixed, apart = inflations(PARTS, [day + night]), inflations(PARTS, [day, night])

    assert mixed.min() > 5
    assert apart.max() < 1.6


def test_a_burst_in_one_category_is_measured_there():
    chance = np.random.default_rng(1)
    found = blocks(chance, 100)
    for counts in found[::10]:
        counts[3] += 150

    inflation = inflations(PARTS, [found])

    assert inflation[3] > 10
    assert inflation[3] > 2 * inflation[:3].max()


def test_few_blocks_say_nothing():
    assert inflations(PARTS, [blocks(np.random.default_rng(1), 7)]) is None
    assert inflations(PARTS, []) is None

from __future__ import annotations

import numpy as np
import pytest

from dragoman.monitoring.drift.embedding import embedding_shift
from dragoman.profiles import DIRECTIONS
from dragoman.profiles.probe import feature_sums


def projected(chance: np.random.Generator, texts: int, *, shift: float = 0.0, spread: float = 0.7) -> np.ndarray:
    """Projections of vectors whose mean has moved by `shift` spreads."""
    moved = shift * spread * chance.choice([-1.0, 1.0], DIRECTIONS)
    return (chance.normal(0, spread, (texts, DIRECTIONS)) + moved).astype(np.float32)


def shift_of(window: np.ndarray, reference: np.ndarray):
    return embedding_shift(feature_sums(window.T), len(window), feature_sums(reference.T), len(reference))


def test_the_kernel_distance_is_that_of_all_pairs_of_texts():
    chance = np.random.default_rng(1)
    window, reference = projected(chance, 30, shift=1.0), projected(chance, 40)

    def kernel(ours: np.ndarray, others: np.ndarray) -> np.ndarray:
        return np.cos(ours[:, None] - others[None]).mean(axis=2)

    own, its = (kernel(x, x)[~np.eye(len(x), dtype=bool)].mean() for x in (window, reference))
    assert shift_of(window, reference).mmd2 == pytest.approx(own + its - 2 * kernel(window, reference).mean(), abs=1e-6)


def test_without_a_change_the_kernel_distance_is_zero_on_average():
    chance = np.random.default_rng(1)
    found = [shift_of(projected(chance, 50), projected(chance, 80)).mmd2 for _ in range(300)]

    assert np.mean(found) == pytest.approx(0.0, abs=3 * np.std(found) / np.sqrt(300))


@pytest.mark.parametrize("shift", [0.0, 0.3, 1.0])
def test_the_shift_of_the_mean_is_told_in_spreads(shift):
    chance = np.random.default_rng(1)

    assert shift_of(projected(chance, 4_000, shift=shift), projected(chance, 4_000)).centroid == pytest.approx(
        shift, abs=0.05
    )


def test_one_text_has_no_distribution():
    chance = np.random.default_rng(1)

    assert shift_of(projected(chance, 1), projected(chance, 40)) is None

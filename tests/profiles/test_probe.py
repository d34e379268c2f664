from __future__ import annotations

import numpy as np
import pytest

from dragoman.errors import InvalidInput, Untrusted
from dragoman.profiles import DIRECTIONS, FEATURE_SCALE, Probe
from dragoman.profiles.probe import feature_sums

HIDDEN = 32


def vectors(count: int, *, seed: int = 0, mean: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, 1.0, (count, HIDDEN)).astype(np.float32)


def mean_features(probe: Probe, rows: np.ndarray) -> np.ndarray:
    return feature_sums(probe.project(rows).T) / FEATURE_SCALE / len(rows)


def test_the_bandwidth_is_the_median_distance_within_a_language() -> None:
    near, far = vectors(40), vectors(40, seed=1) + 100.0

    probe = Probe.fit(np.concatenate([near, far]), ["a"] * 40 + ["b"] * 40)

    assert probe.bandwidth == pytest.approx(np.sqrt(2 * HIDDEN), rel=0.05)


@pytest.mark.parametrize("count", [1, 2, 40])
def test_vectors_that_do_not_differ_have_a_bandwidth_all_the_same(count: int) -> None:
    assert Probe.fit(np.full((count, HIDDEN), 0.3, dtype=np.float32), ["a"] * count).bandwidth == 1.0


def test_features_approximate_a_gaussian_kernel() -> None:
    probe, rows = Probe.fit(vectors(50), ["a"] * 50), vectors(400, seed=2)
    distances = np.linalg.norm(rows[:200] - rows[200:], axis=1)

    products = np.cos(probe.project(rows[:200]) - probe.project(rows[200:])).mean()

    assert products == pytest.approx(np.exp(-(distances**2) / (2 * probe.bandwidth**2)).mean(), abs=0.1)


def test_means_of_features_are_near_for_like_texts_and_far_for_others() -> None:
    probe = Probe.fit(vectors(50), ["a"] * 50)
    before = mean_features(probe, vectors(4_000, seed=3))

    same = np.square(mean_features(probe, vectors(1_000, seed=4)) - before).sum() / DIRECTIONS
    moved = np.square(mean_features(probe, vectors(1_000, seed=4, mean=0.5)) - before).sum() / DIRECTIONS

    assert same < 2 * (1 / 1_000 + 1 / 4_000)
    assert moved > 20 * same


def test_sums_of_features_do_not_depend_on_how_texts_are_parted() -> None:
    angles = np.random.default_rng(0).normal(size=(DIRECTIONS, 101)).astype(np.float32)

    parts = feature_sums(angles[:, :1]) + feature_sums(angles[:, 1:38]) + feature_sums(angles[:, 38:])

    assert np.array_equal(parts, feature_sums(angles))
    exact = np.concatenate([np.cos(angles.astype(float)), np.sin(angles.astype(float))]).sum(axis=1)
    assert parts / FEATURE_SCALE == pytest.approx(exact, abs=101e-6)


def test_the_key_tells_probes_apart() -> None:
    one, two = Probe.fit(vectors(9), ["a"] * 9), Probe.fit(2 * vectors(9), ["a"] * 9)

    assert one.key != two.key
    assert one.key == Probe.fit(vectors(9), ["a"] * 9).key
    assert one.directions == pytest.approx(2 * two.directions, rel=1e-5)


def test_vectors_of_another_width_are_refused() -> None:
    with pytest.raises(InvalidInput, match="Vectors have 7 numbers, the probe 32"):
        Probe.fit(vectors(9), ["a"] * 9).project(np.zeros((1, 7), dtype=np.float32))


def test_a_probe_of_another_size_than_it_says_is_refused() -> None:
    with pytest.raises(Untrusted, match="A probe of 5 has 3 bytes"):
        Probe(hidden=5, bandwidth=1.0, weights=b"abc")

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.training.roc import roc_auc

ROWS = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=40)


def pairs_won(scores: np.ndarray, positive: np.ndarray) -> float:
    """By the definition: over all pairs."""
    differences = scores[positive][:, None] - scores[~positive][None, :]
    return float(((differences > 0) + 0.5 * (differences == 0)).mean())


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_the_area_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[int, bool]]) -> None:
    scores, positive = np.array([float(score) for score, _ in rows]), np.array([true for _, true in rows])

    found = roc_auc(scores, positive)

    if positive.all() or not positive.any():
        assert found is None
    else:
        assert found is not None
        assert found.value == pytest.approx(pairs_won(scores, positive))
        assert found.low <= found.value <= found.high
        assert found.n == len(rows)


@pytest.mark.parametrize(("sign", "expected"), [(1, (0.158, 1.0, 1.0)), (-1, (0.0, 0.0, 0.842))])
def test_a_perfect_order_of_few_rows_proves_little(sign: int, expected: tuple[float, float, float]) -> None:
    found = roc_auc(sign * np.array([0.1, 0.2, 0.8, 0.9]), np.array([False, False, True, True]))

    assert found is not None
    assert (found.low, found.value, found.high) == pytest.approx(expected, abs=1e-3)


def test_the_interval_holds_the_true_area_as_often_as_it_says() -> None:
    random, shift = np.random.default_rng(0), 1.0
    truth = 0.7602499389065233  # Φ(1 / √2)
    held = 0
    for _ in range(600):
        positive = random.random(120) < 0.3
        found = roc_auc(random.normal(size=120) + shift * positive, positive)
        assert found is not None
        held += found.low <= truth <= found.high

    assert 0.925 < held / 600 < 0.975

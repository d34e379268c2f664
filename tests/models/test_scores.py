from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from dragoman.models.scores import sigmoid, softmax

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False)
LOGITS = arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=FLOATS)


@given(LOGITS, st.floats(0.05, 20.0))
def test_scores_are_shares_for_any_finite_logits(logits: np.ndarray, temperature: float) -> None:
    scores = softmax(logits, temperature=temperature)

    assert scores.shape == logits.shape
    assert ((scores >= 0) & (scores <= 1)).all()
    assert scores.sum(axis=-1) == pytest.approx(1.0)


def test_scores_keep_the_ratio_of_the_exponentials() -> None:
    scores = softmax(np.array([[0.0, np.log(3.0)]]))

    assert scores[0] == pytest.approx([0.25, 0.75])


def test_a_higher_temperature_brings_scores_together() -> None:
    logits = np.array([[2.0, 0.0, -1.0]])

    assert softmax(logits, temperature=2.0) == pytest.approx(softmax(logits / 2.0))
    assert softmax(logits, temperature=2.0).max() < softmax(logits).max()


@given(LOGITS, st.floats(0.05, 20.0))
def test_each_score_is_its_own_for_any_finite_logits(logits: np.ndarray, temperature: float) -> None:
    scores = sigmoid(logits, temperature=temperature)

    assert scores.shape == logits.shape
    assert ((scores >= 0) & (scores <= 1)).all()
    assert scores + sigmoid(-logits, temperature=temperature) == pytest.approx(np.ones(logits.shape))


def test_far_logits_have_exact_scores() -> None:
    scores = sigmoid(np.array([-60.0, 40.0, -1000.0, 1000.0, 0.0], dtype=np.float32))

    assert scores[0] == pytest.approx(np.exp(-60.0), rel=1e-12)
    assert scores[1:].tolist() == [1.0, 0.0, 1.0, 0.5]


def test_shares_of_far_logits_are_exact() -> None:
    assert softmax(np.array([-60.0, 40.0]))[0] == pytest.approx(np.exp(-100.0), rel=1e-12)
    assert softmax(np.array([-1000.0, 1000.0])).tolist() == [0.0, 1.0]


def test_two_labels_share_as_one_alone() -> None:
    logits = np.array([[1.5, -0.25]])

    assert softmax(logits)[0, 0] == pytest.approx(sigmoid(logits[:, 0] - logits[:, 1])[0])

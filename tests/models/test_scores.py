from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from dragoman.models.scores import softmax

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

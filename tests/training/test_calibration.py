from __future__ import annotations

import numpy as np
import pytest

from dragoman.models.scores import softmax
from dragoman.training.calibration import fit_temperature


def planted(temperature: float, *, rows: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Logits, with labels drawn as if they had been divided by `temperature`."""
    random = np.random.default_rng(0)
    logits = random.normal(0.0, 3.0, size=(rows, 5)).astype(np.float32)
    shares = softmax(logits, temperature=temperature)
    targets = (random.random((rows, 1)) > shares.cumsum(axis=1)).sum(axis=1)
    return logits, np.minimum(targets, 4)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5, 8.0])
def test_a_planted_temperature_is_found(temperature: float) -> None:
    assert fit_temperature(*planted(temperature)) == pytest.approx(temperature, rel=0.05)


def test_logits_on_another_scale_give_the_temperature_on_that_scale() -> None:
    logits, targets = planted(2.0)

    assert fit_temperature(logits * 3, targets) == pytest.approx(3 * fit_temperature(logits, targets), rel=1e-3)


def test_a_model_that_is_always_right_gets_a_finite_temperature() -> None:
    logits = np.eye(4, dtype=np.float32)[[0, 1, 2, 3]]

    assert fit_temperature(logits, np.arange(4)) == pytest.approx(0.05, rel=0.01)

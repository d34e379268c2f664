"""Temperature scaling: one number that makes scores honest (Guo et al. 2017, arXiv:1706.04599)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dragoman.models.scores import softmax

__all__ = ["fit_temperature"]

LOWEST, HIGHEST = 0.05, 20.0
GOLDEN = (5**0.5 - 1) / 2
ITERATIONS = 60


def fit_temperature(logits: NDArray[np.floating[Any]], targets: NDArray[np.int64]) -> float:
    """The temperature of least negative log likelihood, by golden-section search on its logarithm."""
    low, high = np.log(LOWEST), np.log(HIGHEST)
    for _ in range(ITERATIONS):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        if _loss(logits, targets, np.exp(left)) < _loss(logits, targets, np.exp(right)):
            high = right
        else:
            low = left
    return round(float(np.exp((low + high) / 2)), 6)


def _loss(logits: NDArray[np.floating[Any]], targets: NDArray[np.int64], temperature: float) -> float:
    shares = softmax(logits, temperature=temperature)[np.arange(len(targets)), targets]
    return float(-np.log(np.maximum(shares, 1e-12)).mean())

"""Many hypotheses at once: e-BH with weights, and how the weights are shared out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dragoman.release.metrics import METRICS

__all__ = ["POOLED_SHARE", "cell_weights", "discoveries"]

POOLED_SHARE = 0.05  # of a metric's weight, for its row over all languages

Doubles = NDArray[np.float64]


def cell_weights(languages: int) -> Doubles:
    """Weights `[metrics, languages + 1]` that sum to 1; the last column is the row over all languages."""
    shares = np.append(np.full(languages, (1.0 - POOLED_SHARE) / languages), POOLED_SHARE)
    return np.outer([metric.weight for metric in METRICS], shares)


def discoveries(log_wealth: Doubles, weights: Doubles, *, alpha: float) -> NDArray[np.bool_]:
    """Which of the hypotheses `[..., K]` weighted e-BH rejects (Wang and Ramdas 2022), as a mask `[..., K]`.

    `weights` `[K]` sum to 1. The share of false ones among the rejected is at most `alpha` on average, however the
    e-values depend on each other. Where all hypotheses are true the probability that one is ever rejected is at most
    `alpha`: `k` rejections need `k` weighted e-values of at least `1 / (alpha * k)`, so their sum is at least
    `1 / alpha`; that sum is the wealth of a player who spread one coin over all cells.
    """
    logs = log_wealth + np.log(weights)
    ranked = np.sort(logs, axis=-1)[..., ::-1]
    is_enough = ranked + np.log(np.arange(1, logs.shape[-1] + 1)) >= -np.log(alpha)
    last = np.where(is_enough, ranked, np.inf).min(axis=-1, keepdims=True)
    return np.asarray(logs >= last)

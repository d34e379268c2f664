"""From counts to e-values: what each harm multiplies wealth by, in every cell of a release."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dragoman.release.betting import bets, log_factors, log_mean_exp
from dragoman.release.limits import Limits
from dragoman.release.metrics import METRICS

__all__ = ["LEAST", "Evidence"]

LEAST = np.array([[metric.least] for metric in METRICS])  # harm, per metric

Doubles = NDArray[np.float64]


class Evidence:
    """Computes logarithms of e-values for counts `[metrics, languages + 1, 41]`.

    The last language is any other. `limits` `[metrics, languages + 1]` are NaN where nothing is judged, and `groups`
    `[groups, languages + 1]` say which languages are judged together: their requests share their bets, each against the
    limit of its own language, so that a change of the mix of languages is no evidence.
    """

    def __init__(self, limits: Limits, groups: NDArray[np.bool_]) -> None:
        self._groups = groups.astype(np.float64)
        fail, safe = (np.where(np.isnan(one), 0.5, one) for one in limits)
        mirrored = np.full_like(LEAST, -1.0)
        self._harm = log_factors(fail, LEAST)[:, :-1]
        self._safe = log_factors(-safe, mirrored)[:, :-1]
        self._shared_harm = log_factors(fail, LEAST, stakes=bets(fail.max(axis=1, keepdims=True), LEAST))
        self._shared_safe = log_factors(-safe, mirrored, stakes=bets(-safe.min(axis=1, keepdims=True), mirrored))

    def harm(self, counts: Doubles) -> Doubles:
        """Wealth `[metrics, languages + groups, bets]` of every bet on harm."""
        single = (counts[:, :-1, None] @ self._harm)[..., 0, :]
        together = (counts[:, :, None] @ self._shared_harm)[..., 0, :]
        return np.concatenate([single, self._groups @ together], axis=1)

    def safe(self, counts: Doubles) -> Doubles:
        """Logarithms `[metrics, languages + groups]` of the e-values of safety."""
        mirrored = counts[..., ::-1]
        single = (mirrored[:, :-1, None] @ self._safe)[..., 0, :]
        together = (mirrored[:, :, None] @ self._shared_safe)[..., 0, :]
        return log_mean_exp(np.concatenate([single, self._groups @ together], axis=1))

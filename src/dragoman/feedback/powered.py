"""Accuracy from a random sample of labels and the model's own scores of everything.

Prediction-powered inference (Angelopoulos, Bates, Fannjiang, Jordan and Zrnic 2023, arXiv:2301.09633), with the weight
of the scores tuned so that they never hurt much (PPI++, arXiv:2311.01453). The mean score of all predictions is cheap
and may be wrong; the sample tells by how much. It holds whatever the scores are: bad ones make it as wide as that of
the sample alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.feedback.proportions import effective_interval
from dragoman.records import Interval

__all__ = ["FEWEST", "Proxy", "Sample", "powered_accuracy", "sampled_accuracy"]

FEWEST = 5  # labels: with fewer their spread is unknown
# Two right and two wrong answers at the mean score are added where a spread is measured (Agresti and Coull 1998): a
# sample without any mistake is no proof that there are none.
ADDED = (0.0, 1.0, 0.0, 1.0)

Doubles = NDArray[np.floating[Any]]


class Proxy(NamedTuple):
    """The best scores of all predictions, the sample among them: their number, mean and variance."""

    n: int
    mean: float
    variance: float


class Sample(NamedTuple):
    """Labelled predictions that were drawn at random; three arrays of shape (n,)."""

    right: Doubles  # 1 where the best label was the truth, else 0
    scores: Doubles  # of the best label
    inclusion: Doubles  # probability with which it was drawn, above 0

    @property
    def weights(self) -> Doubles:
        return 1 / self.inclusion


def powered_accuracy(sample: Sample, proxy: Proxy, *, level: float = 0.95) -> Interval | None:
    """Accuracy over all predictions, from the sample and the scores of all; None with fewer than `FEWEST` labels."""
    if len(sample.right) < FEWEST:
        return None
    power = _power(sample, proxy)
    value = power * proxy.mean + float(np.average(sample.right - power * sample.scores, weights=sample.weights))
    variance = _variance(sample, power) + power**2 * proxy.variance / proxy.n
    return _interval(min(max(value, 0.0), 1.0), variance, sample, level)


def sampled_accuracy(sample: Sample, *, level: float = 0.95) -> Interval | None:
    """The same from the sample alone; None without any label."""
    if len(sample.right) < 2:
        return None
    return _interval(float(np.average(sample.right, weights=sample.weights)), _variance(sample, 0.0), sample, level)


def effective_number(weights: Doubles) -> float:
    """Equally weighted observations that say as much (Kish 1965)."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def _interval(value: float, variance: float, sample: Sample, level: float) -> Interval:
    """The interval of a share with this value and variance; the share in the ratio is pulled to the middle as it is."""
    known = effective_number(sample.weights)
    pulled = (value * known + sum(ADDED)) / (known + len(ADDED))
    worth = pulled * (1 - pulled) / variance
    return effective_interval(value, worth, freedom=max(known - 1, 1.0), n=len(sample.right), level=level)


def _power(sample: Sample, proxy: Proxy) -> float:
    """The weight of the scores for which the variance is least, between 0 and 1."""
    right, scores, weights = _padded(sample)
    centred = scores - np.average(scores, weights=weights)
    spread = float((weights**2 * centred**2).sum())
    if spread == 0:
        return 0.0
    best = float((weights**2 * centred * (right - np.average(right, weights=weights))).sum()) / spread
    return min(max(best / (1 + effective_number(sample.weights) / proxy.n), 0.0), 1.0)


def _variance(sample: Sample, power: float) -> float:
    """Of the weighted mean of what the scores leave over."""
    right, scores, weights = _padded(sample)
    rest = right - power * scores
    rest = rest - np.average(rest, weights=weights)
    m, n = len(rest), len(sample.right)
    return float((weights**2 * rest**2).sum() / weights.sum() ** 2) * m / (m - 1) * m / n


def _padded(sample: Sample) -> tuple[Doubles, Doubles, Doubles]:
    """The sample with the answers that are added; they weigh as the others do in the mean."""
    weights, added = sample.weights, np.array(ADDED)
    middle = np.full(len(added), np.average(sample.scores, weights=weights))
    return (
        np.concatenate([sample.right, added]),
        np.concatenate([sample.scores, middle]),
        np.concatenate([weights, np.full(len(added), weights.mean())]),
    )

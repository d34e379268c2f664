"""Accuracy before there is any label: what calibrated scores promise."""

from __future__ import annotations

import math

from dragoman.feedback.powered import Proxy
from dragoman.records import Interval
from dragoman.training.evaluation import wilson_interval

__all__ = ["expected_accuracy"]


def expected_accuracy(proxy: Proxy, *, calibration_error: float = 0.0, level: float = 0.95) -> Interval | None:
    """The mean best score: of a calibrated model it is the probability of being right. None without predictions.

    The interval is that of as many answers, made wider on both sides by the calibration error on held-out rows, which
    bounds how far mean score and accuracy were apart there. Nothing can show from scores alone that they still mean
    what they meant: where the same texts have other labels than before (concept drift) the estimate does not move, and
    the accuracy does.
    """
    if not proxy.n or not math.isfinite(proxy.mean):
        return None
    mean = min(max(proxy.mean, 0.0), 1.0)
    around = wilson_interval(round(mean * proxy.n), proxy.n, level=level)
    return Interval(
        value=mean,
        low=max(0.0, min(around.low, mean) - calibration_error),
        high=min(1.0, max(around.high, mean) + calibration_error),
        n=proxy.n,
        level=level,
    )

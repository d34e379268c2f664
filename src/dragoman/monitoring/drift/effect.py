"""Intervals of a share, and of its change."""

from __future__ import annotations

import math
from statistics import NormalDist

__all__ = ["change_interval", "share_interval"]

LEAST_ALPHA = 1e-15


def change_interval(hits: float, texts: float, before_hits: float, before_texts: float, *, alpha: float) -> Ends:
    """Ends of the interval of `hits / texts - before_hits / before_texts`, from Wilson's of both (Newcombe 1998)."""
    share, low, high = _wilson(hits, texts, alpha)
    before, before_low, before_high = _wilson(before_hits, before_texts, alpha)
    below = math.hypot(share - low, before_high - before)
    above = math.hypot(high - share, before - before_low)
    return share - before - below, share - before + above


Ends = tuple[float, float]


def share_interval(hits: float, texts: float, *, alpha: float) -> Ends:
    """Ends of the interval of `hits / texts` (Wilson 1927)."""
    return _wilson(hits, texts, alpha)[1:]


def _wilson(hits: float, texts: float, alpha: float) -> tuple[float, float, float]:
    if texts <= 0:
        return 0.5, 0.0, 1.0
    z = NormalDist().inv_cdf(1 - max(alpha, LEAST_ALPHA) / 2)
    share = hits / texts
    middle = (share + z * z / (2 * texts)) / (1 + z * z / texts)
    half = z / (1 + z * z / texts) * math.sqrt(share * (1 - share) / texts + (z / (2 * texts)) ** 2)
    return share, min(max(middle - half, 0.0), share), max(min(middle + half, 1.0), share)

"""The mean of a metric in one language and period, with what is needed to know its error."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dragoman.profiles import Layout, Profile, Reference
from dragoman.records import Record

__all__ = ["Mean", "means_of"]


class Mean(Record, frozen=True, kw_only=True):
    """The mean of a metric in one language and period, over `n` texts, and the variance of single texts."""

    n: int
    mean: float = 0.0
    variance: float = 0.0

    @classmethod
    def of_share(cls, n: int, hits: float) -> Mean:
        """Of texts that are hits or not. Without any of one kind the variance is not taken for 0 (Agresti 2000)."""
        guess = (hits + 1) / (n + 2)
        return cls(n=n, mean=hits / n if n else 0.0, variance=guess * (1 - guess))

    @classmethod
    def of_moments(cls, n: int, total: float, squares: float) -> Mean:
        """From sums of the values and of their squares."""
        mean = total / n if n else 0.0
        return cls(n=n, mean=mean, variance=max(squares / n - mean * mean, 0.0) * n / max(n - 1, 1) if n else 0.0)

    @classmethod
    def of_counts(cls, counts: ArrayLike, values: ArrayLike) -> Mean:
        """From a histogram: how many texts have each value."""
        numbers, places = np.asarray(counts, dtype=np.float64), np.asarray(values, dtype=np.float64)
        return cls.of_moments(int(numbers.sum()), float(numbers @ places), float(numbers @ places**2))


def means_of(reference: Reference, profile: Profile, signal: str) -> dict[str, Mean]:
    """Means of a number, such as "score", "entropy" or "tokens", by language, from the counts of a profile.

    A text counts with the middle of its bin, beyond the outer edges with the edge. Both periods must have the same
    reference: then that matters little for a change.
    """
    layouts = {name: one.layouts.get(signal) for name, one in reference.languages.items()}
    return {
        name: Mean.of_counts(profile.counts[name][signal], _middles(layout))
        for name, layout in layouts.items()
        if layout is not None and layout.kind == "number"
    }


def _middles(layout: Layout) -> NDArray[np.float64]:
    edges = np.array([layout.edges[0], *layout.edges, layout.edges[-1]], dtype=np.float64)
    return np.asarray((edges[:-1] + edges[1:]) / 2)

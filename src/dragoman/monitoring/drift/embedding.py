"""How far the vectors of two sets of texts are from each other, from sums of cosines and sines of their projections."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.profiles import FEATURE_SCALE

__all__ = ["EmbeddingShift", "embedding_shift"]

LEAST = 1e-9

Ints = NDArray[np.int64]
Complex = NDArray[np.complex128]


class EmbeddingShift(NamedTuple):
    """Effect sizes, without a test."""

    mmd2: float
    centroid: float


def embedding_shift(sums: Ints, texts: int, before_sums: Ints, before_texts: int) -> EmbeddingShift | None:
    """Compare sums of features `[32]`, as `profiles.probe.feature_sums` gives them. None for fewer than two texts.

    `mmd2` is the unbiased estimate of the squared kernel distance (Gretton et al. 2012), 16 random frequencies standing
    for the Gaussian kernel (Rahimi and Recht 2007): about 0 where nothing has changed, at most 4. `centroid` is how far
    the mean vector has moved, in units of the root mean square distance of the reference's texts from their mean,
    without what chance alone would make of it; exact for normal projections.
    """
    if min(texts, before_texts) < 2:
        return None
    cosines, sines = np.split(sums / FEATURE_SCALE, 2)
    before_cosines, before_sines = np.split(before_sums / FEATURE_SCALE, 2)
    now: Complex = cosines + 1j * sines
    before: Complex = before_cosines + 1j * before_sines
    own = [(np.mean(np.abs(one) ** 2) - n) / (n * (n - 1)) for one, n in ((now, texts), (before, before_texts))]
    across = np.mean((now * before.conj()).real) / (texts * before_texts)
    moved = _moved(now / texts, before / before_texts, 1 / texts + 1 / before_texts)
    return EmbeddingShift(float(own[0] + own[1] - 2 * across), moved)


def _moved(now: Complex, before: Complex, noise: float) -> float:
    """The shift of the mean from the phases, the spread from the lengths, of two characteristic functions."""
    length = np.clip(np.abs(before), LEAST, 1 - LEAST)
    spread = np.mean(-2 * np.log(length))
    chance = np.mean((1 - length**4) / (2 * length**2)) * noise
    shift = np.mean(np.angle(now * before.conj()) ** 2)
    return float(np.sqrt(max(shift - chance, 0.0) / spread))

"""The probe: fixed directions in the space of hidden states, by which a change of their distribution is told."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dragoman.errors import InvalidInput, Untrusted
from dragoman.records import Record

__all__ = ["DIRECTIONS", "EMBEDDING_SIGNALS", "FEATURE_SCALE", "Probe", "feature_sums"]

DIRECTIONS = 16
EMBEDDING_SIGNALS = tuple(f"embedding.{place}" for place in range(DIRECTIONS))
FEATURE_SCALE = 2**24  # exact in float32; an int64 holds the sum of 2**39 texts, half a million million
SEED = 0
TEXTS_OF_A_LANGUAGE = 50  # whose distances are looked at
DIGITS = 6

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class Probe(Record, frozen=True, kw_only=True, dict=True):
    """Random directions, divided by a bandwidth.

    Cosines and sines of the projections are random Fourier features (Rahimi and Recht 2007) of the kernel
    exp(-|x - y|² / (2 bandwidth²)): the squared distance of their means over two samples, divided by 16, estimates the
    samples' maximum mean discrepancy, squared (Gretton et al. 2012).

    The directions are stored, and not drawn again from a seed: numpy keeps the right to draw other numbers from the
    same seed in a later release (NEP 19), and then no count would fit its reference any more.
    """

    hidden: int
    bandwidth: float
    weights: bytes  # [16, hidden] float32, little-endian

    def __post_init__(self) -> None:
        if self.hidden < 1 or len(self.weights) != 4 * DIRECTIONS * self.hidden:
            raise Untrusted(f"A probe of {self.hidden} has {len(self.weights)} bytes.", help="Make the bundle again.")

    @classmethod
    def fit(cls, vectors: Floats, languages: Sequence[str]) -> Probe:
        """A probe for texts like those of the mean hidden states `vectors` `[n, hidden]`, with the language of each.

        The bandwidth is the median distance of two texts of the same language (the median heuristic): changes within a
        language are to be seen, and languages lie far apart.
        """
        bandwidth = float(f"{_median_distance(vectors, languages):.{DIGITS - 1}e}")
        normal = np.random.default_rng(SEED).standard_normal((DIRECTIONS, vectors.shape[1]))
        return cls(hidden=vectors.shape[1], bandwidth=bandwidth, weights=(normal / bandwidth).astype("<f4").tobytes())

    @cached_property
    def key(self) -> str:
        """What tells it from other probes."""
        return "probe:" + hashlib.sha256(self.weights).hexdigest()[:16]

    @cached_property
    def directions(self) -> Floats:
        """`[16, hidden]`."""
        return np.frombuffer(self.weights, dtype="<f4").reshape(DIRECTIONS, self.hidden).astype(np.float32)

    def project(self, vectors: Floats) -> Floats:
        """`[n, hidden]` → `[n, 16]`. Raises `InvalidInput` for vectors of another width."""
        if vectors.shape[-1] != self.hidden:
            raise InvalidInput(
                f"Vectors have {vectors.shape[-1]} numbers, the probe {self.hidden}.", help="Use the model's own probe."
            )
        return vectors @ self.directions.T


def feature_sums(projections: Floats) -> Ints:
    """Sums of the cosines and of the sines of projections `[16, n]`: `[32]`, in units of 2**-24.

    Each cosine is rounded to a whole number of units before it is added: sums do not depend on who added what first.
    """
    cosines = [_sum(np.cos(row)) for row in projections]
    return np.array([*cosines, *(_sum(np.sin(row)) for row in projections)], dtype=np.int64)


def _sum(values: Floats) -> int:
    return int(np.rint(values * np.float32(FEATURE_SCALE)).sum(dtype=np.float64))


def _median_distance(vectors: Floats, languages: Sequence[str]) -> float:
    """Over pairs of the first texts of each language; 1 if no two texts differ."""
    names = np.asarray(languages, dtype=object)
    found = [np.empty(0)]
    for name in sorted(set(languages)):
        own = vectors[names == name][:TEXTS_OF_A_LANGUAGE].astype(np.float64)
        gaps = np.square(own[:, None] - own).sum(axis=2)  # not by products, which tell equal vectors apart
        found.append(gaps[np.triu_indices(len(own), 1)])
    distances = np.sqrt(np.concatenate(found))
    distances = distances[np.isfinite(distances) & (distances > 0)]
    return float(np.median(distances)) if len(distances) else 1.0

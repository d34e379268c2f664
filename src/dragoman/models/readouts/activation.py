"""Activations, by the names of Hugging Face and of sentence-transformers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dragoman.models.readouts.base import Floats

__all__ = ["ACTIVATIONS", "Activation", "gelu"]

Activation = Callable[[Floats], Floats]

# Coefficients of Abramowitz and Stegun 1964, Handbook of Mathematical Functions, formula 7.1.26.
ERF_STEP = 0.3275911
ERF_COEFFICIENTS = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)


def gelu(values: Floats) -> Floats:
    """Each number times Φ of it, with the exact normal distribution (Hendrycks and Gimpel 2016, arXiv:1606.08415)."""
    wide = values.astype(np.float64)
    return (0.5 * wide * (1.0 + erf(wide * 0.5**0.5))).astype(np.float32)


def erf(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The error function, to 1.5e-7."""
    size = np.abs(values)
    step = 1.0 / (1.0 + ERF_STEP * size)
    series = np.polyval((*ERF_COEFFICIENTS, 0.0), step)
    return np.copysign(1.0 - series * np.exp(-size * size), values)  # type: ignore[no-any-return]


def gelu_new(values: Floats) -> Floats:
    """GELU by its formula with tanh."""
    cubic = values + 0.044715 * values**3
    return 0.5 * values * (1.0 + np.tanh((2.0 / np.pi) ** 0.5 * cubic))  # type: ignore[no-any-return]


def relu(values: Floats) -> Floats:
    return np.maximum(values, 0.0)


def identity(values: Floats) -> Floats:
    return values


ACTIVATIONS: dict[str, Activation] = {
    "gelu": gelu,
    "gelu_new": gelu_new,
    "identity": identity,
    "relu": relu,
    "tanh": np.tanh,
}

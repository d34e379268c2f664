"""From logits to scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["sigmoid", "softmax"]


def sigmoid(logits: NDArray[Any], *, temperature: float = 1.0) -> NDArray[np.float64]:
    """The score of each logit by itself, stable for any finite logits: small scores keep their leading digits."""
    scaled = logits.astype(np.float64) / temperature
    return np.exp(-np.logaddexp(0.0, -scaled))


def softmax(logits: NDArray[Any], *, temperature: float = 1.0) -> NDArray[np.float64]:
    """Shares over the last axis, stable for any finite logits."""
    scaled = logits.astype(np.float64) / temperature
    exponents = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return exponents / exponents.sum(axis=-1, keepdims=True)  # type: ignore[no-any-return]

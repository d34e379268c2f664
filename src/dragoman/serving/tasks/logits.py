"""What every task asks of logits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dragoman.errors import DragomanError

__all__ = ["check_logits"]


def check_logits(logits: NDArray[np.float32], *, width: int) -> NDArray[np.float32]:
    """The same, `[rows, width]`. Raises `DragomanError` for what cannot be scores."""
    if logits.ndim != 2 or logits.shape[1] != width or not np.isfinite(logits).all():
        raise DragomanError("The model gave no usable scores.", help="train or import it again.")
    return logits

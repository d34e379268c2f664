"""Masks: one truth for each row."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["Mask", "mask_of"]

Mask: TypeAlias = NDArray[np.bool_]


def mask_of(array: pa.BooleanArray) -> Mask:
    """`[rows]`: an Arrow array of booleans; null counts as false."""
    filled = array.fill_null(False) if array.null_count else array
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=np.bool_)

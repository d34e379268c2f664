"""What hangs together: the connected components of pairs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["components_of"]

Ints = NDArray[np.int64]


def components_of(count: int, pairs: Ints) -> Ints:
    """`[count]` the smallest member of each one's component; `pairs` is `[pairs, 2]`.

    Every member takes the smallest label among its neighbours and then that label's own, until nothing changes: few
    rounds, each of them a few passes in numpy (Shiloach and Vishkin 1982).
    """
    labels = np.arange(count, dtype=np.int64)
    left, right = pairs[:, 0], pairs[:, 1]
    while len(left):
        least = np.minimum(labels[left], labels[right])
        np.minimum.at(labels, labels[left], least)
        np.minimum.at(labels, labels[right], least)
        labels = _at_root(labels)
        open_pairs = labels[left] != labels[right]
        left, right = left[open_pairs], right[open_pairs]
    return labels


def _at_root(labels: Ints) -> Ints:
    while True:
        further = labels[labels]
        if np.array_equal(further, labels):
            return labels
        labels = further

"""Which texts are the same, and which nearly."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.data.duplicates.components import components_of

__all__ = ["Duplicates"]

Ints = NDArray[np.int64]


class Duplicates(NamedTuple):
    """The duplicates among texts, by row number from 0."""

    same: Ints  # [texts] the first row with the same text in normal form: itself, if there is none before
    pairs: Ints  # [pairs, 2] near-duplicates among those first rows, the smaller one first, sorted
    similarities: NDArray[np.float64]  # [pairs] Jaccard similarity of their n-grams, exact
    crowded: int  # different texts among so many similar ones that not all of their pairs were looked at

    @property
    def exact(self) -> int:
        """Rows whose text stands in an earlier row."""
        return int(np.count_nonzero(self.same != np.arange(len(self.same))))

    def clusters(self) -> Ints:
        """`[texts]` the first row of each row's cluster: rows that are linked by duplicates, directly or by others."""
        return components_of(len(self.same), self.pairs)[self.same]

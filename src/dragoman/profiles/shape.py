"""The shape of a profile: which counts it has, and where each of them lies in one array."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from dragoman.profiles.reference import OTHER, Reference
from dragoman.records import Record

__all__ = ["Shape"]

Ints = NDArray[np.int64]


class Shape(Record, frozen=True, kw_only=True):
    """The bins of each language's signals, the languages of the mix, and those whose texts have features."""

    bins: dict[str, dict[str, int]]
    mix: list[str]
    features: list[str]

    @classmethod
    def of(cls, reference: Reference) -> Shape:
        bins = {
            name: {signal: layout.bins for signal, layout in one.layouts.items()}
            for name, one in reference.languages.items()
        }
        features = [name for name, one in reference.languages.items() if one.features is not None]
        return cls(bins=bins, mix=[*(name for name in reference.mix if name != OTHER), OTHER], features=features)

    @property
    def size(self) -> int:
        """The number of all bins."""
        return sum(sum(signals.values()) for signals in self.bins.values())

    def views(self, counts: Ints) -> dict[str, dict[str, Ints]]:
        """Language → signal → its bins, as views into `counts` `[size]`."""
        sizes = [size for signals in self.bins.values() for size in signals.values()]
        parts = iter([counts[stop - size : stop] for size, stop in zip(sizes, accumulate(sizes), strict=True)])
        return {name: {signal: next(parts) for signal in signals} for name, signals in self.bins.items()}

    def is_sound(self) -> bool:
        """Whether it can be that of a reference."""
        sizes = [size for signals in self.bins.values() for size in signals.values()]
        names = set(self.mix)
        return min(sizes, default=1) > 0 and names >= self.bins.keys() >= set(self.features) and OTHER in names

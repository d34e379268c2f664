"""The profile: counts of signals per language over the bins of a reference."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dragoman.errors import InvalidInput
from dragoman.profiles.columns import Coded, Columns, check_columns, coded, columns_of, is_category, rows_of
from dragoman.profiles.counter import Counter, Sums
from dragoman.profiles.encoding import Stored, empty, pack, unpack
from dragoman.profiles.reference import Reference
from dragoman.profiles.shape import Shape
from dragoman.profiles.signals import Measured

__all__ = ["Profile"]

MOST_ROWS = 2**18  # counted at a time: the copies that sorting needs stay small

Ints = NDArray[np.int64]


class Profile:
    """Counts of signals per language, as integers: profiles of one reference add up exactly, in any order.

    Its size depends on the reference alone. Counts are exact up to 2**39 texts. Not safe for threads that add at the
    same time. One that was decoded without its reference can be merged, and nothing else can be added to it.
    """

    def __init__(self, reference: Reference | None, *, stored: Stored | None = None) -> None:
        if stored is None:
            if reference is None:
                raise InvalidInput("A profile without a reference has no bins.", help="Give it its bundle's reference.")
            stored = empty(reference.digest, Shape.of(reference))
        self.digest, self.reference, self._stored = stored.digest, reference, stored

    @property
    def arrays(self) -> tuple[Ints, Ints, Ints]:
        """All that it counts: the mix, the bins of all signals, the features. `merge` adds them one by one."""
        return self._stored.arrays

    @cached_property
    def counts(self) -> dict[str, dict[str, Ints]]:
        """Language → signal → counts `[bins]`: every language and every signal of the reference."""
        return self._stored.shape.views(self._stored.counts)

    @cached_property
    def features(self) -> dict[str, Ints]:
        """Language → sums of cosines and sines `[32]`, in units of 1 / `FEATURE_SCALE`, of texts in `embedding.0`."""
        return dict(zip(self._stored.shape.features, self._stored.features, strict=True))

    @property
    def mix(self) -> dict[str, int]:
        """Texts of each language of the reference's mix; those of all others are `OTHER`."""
        return dict(zip(self._stored.shape.mix, self._stored.mix.tolist(), strict=True))

    @property
    def texts(self) -> dict[str, int]:
        """Texts of each language that the reference has counts of."""
        mix = self.mix
        return {name: mix[name] for name in self._stored.shape.bins}

    def add(self, language: str, measured: Measured, projections: NDArray[np.float32] | None = None) -> None:
        """Count one text, with its projections `[16]`. Many are better added together."""
        self.add_columns([language], columns_of([measured], None if projections is None else projections[None]))

    def add_columns(self, languages: Sequence[str] | NDArray[Any] | Coded, columns: Columns) -> None:
        """Count texts: the language of each, and their values, `[texts]` each, as `columns_of` gives them.

        float32 and `Coded` columns are the fastest. Signals that the reference does not have are left out. Raises
        `InvalidInput`, and counts nothing, for columns that are no signals or have other lengths.
        """
        names = coded(languages)
        check_columns(columns, len(names.codes))
        columns = {name: coded(column) if is_category(name) else column for name, column in columns.items()}
        sums = Sums(self._stored.mix, self.counts, self.features)
        for start in range(0, len(names.codes), MOST_ROWS):
            rows = slice(start, start + MOST_ROWS)
            part = {name: rows_of(column, rows) for name, column in columns.items()}
            self._counter.count(sums, Coded(names.names, names.codes[rows]), part)

    @cached_property
    def _counter(self) -> Counter:
        if self.reference is None:
            raise InvalidInput("This profile has no bins to count in.", help="Decode it with its reference.")
        return Counter(self.reference, self._stored.shape.mix)

    def merge(self, other: Profile) -> None:
        """Add the counts of another profile. Raises `InvalidInput`, and adds nothing, for one of another reference."""
        if self.digest != other.digest or any(map(_differ, self.arrays, other.arrays)):
            raise InvalidInput(
                f"Profiles of the references {self.digest[:12]} and {other.digest[:12]} do not add up.",
                help="Merge those of one version of a model.",
            )
        for mine, theirs in zip(self.arrays, other.arrays, strict=True):
            np.add(mine, theirs, out=mine)

    def encode(self) -> bytes:
        """As bytes, some tens of a language without texts, and at most some thousands."""
        return pack(self._stored)

    @classmethod
    def decode(cls, content: bytes, reference: Reference | None = None) -> Profile:
        """What `encode` gave, with the reference if texts shall be added.

        Raises `Untrusted` for anything else, and `InvalidInput` for a profile of another reference.
        """
        stored = unpack(content)
        if reference is not None and (reference.digest, Shape.of(reference)) != (stored.digest, stored.shape):
            raise InvalidInput(
                f"This profile is of the reference {stored.digest[:12]}, not of {reference.digest[:12]}.",
                help="Decode it with the reference in the bundle of its own version.",
            )
        return cls(reference, stored=stored)


def _differ(one: Ints, other: Ints) -> bool:
    return one.shape != other.shape

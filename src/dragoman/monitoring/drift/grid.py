"""All histograms of a model end to end in one vector, and the cells that are watched."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.errors import InvalidInput
from dragoman.monitoring.drift.parts import Parts, Shape
from dragoman.profiles import COLUMN_FAMILIES, OTHER, SIGNALS, Layout, Profile, Reference, family_of

__all__ = ["MIX", "Cell", "Grid", "Sums"]

MIX = "language-mix"
FEATURES = 32  # cosines and sines of 16 projections

Ints = NDArray[np.int64]


class Sums(NamedTuple):
    """What was counted in some time: texts in the bins of all histograms, texts of each language, sums of features."""

    counts: Ints  # [bins]
    texts: Ints  # [languages]
    features: Ints  # [languages, 32]

    def plus(self, other: Sums) -> Sums:
        return Sums(*(mine + its for mine, its in zip(self, other, strict=True)))


class Cell(NamedTuple):
    """A signal of a language; all projections of the embedding are one, and every column is one of its own.

    The language of the mix is empty.
    """

    language: str
    signal: str
    layouts: tuple[Layout, ...]  # of its histograms
    row: int  # of its language; -1 for the mix


class Grid:
    """Where what lies. `cells[i].layouts` are the histograms from `first[i]` on; `counted` says what is in them."""

    def __init__(self, reference: Reference, signals: Collection[str] = ()) -> None:
        self.digest = reference.digest
        self.languages = list(reference.languages)
        self.counted = "rows" if _is_of_rows(reference) else "texts"
        self.cells = list(_cells(reference, signals))
        owners = [place for place, cell in enumerate(self.cells) for _ in cell.layouts]
        self.first = np.searchsorted(owners, np.arange(len(self.cells) + 1))
        self._names = [(cell.language, layout.signal) for cell in self.cells for layout in cell.layouts]
        layouts = [layout for cell in self.cells for layout in cell.layouts]
        self.layouts = layouts
        self.parts = Parts([layout.bins for layout in layouts], [_shape(layout) for layout in layouts], owners)
        self.reference = self._reference(reference)

    @property
    def mix(self) -> slice:
        """Where the bins of the language mix lie."""
        return slice(int(self.parts.first[-2]) if self.watches_mix else self.parts.bins, self.parts.bins)

    @property
    def watches_mix(self) -> bool:
        return bool(self.cells) and self.cells[-1].signal == MIX

    @property
    def nothing(self) -> Sums:
        return Sums(*(np.zeros_like(part) for part in self.reference))

    def sums(self, profile: Profile) -> Sums:
        """Raises `InvalidInput` for a profile of another reference."""
        if profile.digest != self.digest:
            raise InvalidInput("This profile has other bins than the reference.", help="Compare it with its own.")
        texts = profile.texts
        return self._stack(profile.counts, profile.mix, texts, profile.features)

    def _reference(self, reference: Reference) -> Sums:
        counts = {name: one.counts for name, one in reference.languages.items()}
        texts = {name: one.texts for name, one in reference.languages.items()}
        features = {name: one.features for name, one in reference.languages.items() if one.features is not None}
        return self._stack(counts, reference.mix, texts, features)

    def _stack(
        self,
        counts: Mapping[str, Mapping[str, Ints]],
        mix: Mapping[str, int],
        texts: Mapping[str, int],
        features: Mapping[str, Ints],
    ) -> Sums:
        parts = [counts[language][name] if language else self._mix(mix) for language, name in self._names]
        nothing = np.zeros(FEATURES, dtype=np.int64)
        return Sums(
            np.concatenate([np.zeros(0, dtype=np.int64), *parts]),
            np.array([texts.get(name, 0) for name in self.languages], dtype=np.int64),
            np.array([features.get(name, nothing) for name in self.languages], dtype=np.int64).reshape(-1, FEATURES),
        )

    def _mix(self, mix: Mapping[str, int]) -> Ints:
        return np.array([mix.get(name, 0) for name in [*self.layouts[-1].categories, OTHER]], dtype=np.int64)


def _cells(reference: Reference, signals: Collection[str]) -> Iterator[Cell]:
    """A cell per language and watched signal, and the mix as the last one."""
    for row, (language, one) in enumerate(reference.languages.items()):
        families: dict[str, list[Layout]] = {}
        for name, layout in one.layouts.items():
            if layout.bins > 1 and (not signals or family_of(name) in signals):
                families.setdefault(_cell_of(name), []).append(layout)
        yield from (Cell(language, family, tuple(layouts), row) for family, layouts in families.items())
    languages = sorted(name for name in reference.mix if name != OTHER)
    if languages:
        yield Cell("", MIX, (Layout(signal=MIX, kind="category", categories=languages),), -1)


def _is_of_rows(reference: Reference) -> bool:
    """Whether the model reads rows of a table, and no texts."""
    names = {name for one in reference.languages.values() for name in one.layouts}
    return "tokens" not in names and any(family_of(name) in COLUMN_FAMILIES for name in names)


def _cell_of(signal: str) -> str:
    return signal if family_of(signal) in COLUMN_FAMILIES else family_of(signal)


def _shape(layout: Layout) -> Shape:
    if layout.kind == "category":
        return "categories"
    return "quantiles" if SIGNALS[family_of(layout.signal)].bins == "quantiles" else "shares"

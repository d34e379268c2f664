"""A world of texts without texts: languages, signals, seasons and bursts, as counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dragoman.monitoring.drift.grid import FEATURES, Grid, Sums
from dragoman.profiles import OTHER, LanguageReference, Layout, Reference, family_of

__all__ = ["World", "quantile_reference", "signals_of_columns"]

NUMBERS = ("tokens", "fertility", "confidence", "score", "entropy", *(f"embedding.{place}" for place in range(16)))
SHARES = ("unknown", "bytes", "foreign")
SHARE_BINS = np.array([0.9, *(0.1 * 0.75**place for place in range(17))])
CATEGORIES = {"script": (0.96, 0.03, 0.01), "label": (0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.05, 0.03, 0.02)}
PLANS = (0.55, 0.25, 0.15, 0.05)  # shares of the categories of a column
MISSING = 0.02  # share of the rows without a column's value
MOST_QUANTILES = 31
HOURS = 168
WEEKEND = 120

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """How much there is of what. Languages have equally many texts.

    With `season` shares of signals follow the hour and the weekend, by about so much of the texts from one side of a
    range to the other at the most; there are up to four times as many texts by day as by night. With `copies` above 1
    texts come so many times each. With `shock` the shares of all bins are drawn anew every `shock_hours`, about as
    unlike each other as those of samples of 1 / shock texts.
    """

    languages: int = 40
    texts: float = 50.0  # of a language in an hour
    reference_texts: int = 300
    season: float = 0.0
    copies: int = 1
    shock: float = 0.0
    shock_hours: int = 1
    signals: tuple[str, ...] = (*NUMBERS, *SHARES, *CATEGORIES)

    def build(self, chance: np.random.Generator) -> tuple[Reference, Doubles]:
        """A reference as its texts happened to be, and the true shares `[bins]` of its grid, the mix left out."""
        languages, shares = {}, []
        for place in range(self.languages):
            layouts, counts = {}, {}
            for signal in self.signals:
                layouts[signal], counts[signal], truth = _signal(signal, self.reference_texts, chance)
                shares.append(truth)
            languages[f"l{place:02d}"] = LanguageReference(self.reference_texts, layouts, counts, None)
        mix = dict.fromkeys(languages, self.reference_texts)
        return Reference(languages, mix, None), np.concatenate(shares)

    def hours(self, grid: Grid, shares: Doubles, chance: np.random.Generator, count: int) -> Iterator[Sums]:
        """What is counted in each hour from a Monday on. `shares` are those of `build`, or of `by_hour`."""
        drawer, shocked = _Drawer(_sizes(grid)), shares
        for hour in range(count):
            now = shares[hour % HOURS] if shares.ndim == 2 else shares
            if self.shock and hour % self.shock_hours == 0:
                shocked = drawer.shocked(now, self.shock, chance)
            yield self._hour(grid, drawer, shocked if self.shock else now, hour, chance)

    def _hour(self, grid: Grid, drawer: _Drawer, shares: Doubles, hour: int, chance: np.random.Generator) -> Sums:
        by_day = 1 + 0.6 * np.sin(2 * np.pi * (hour - 8) / 24) if self.season else 1.0
        drawn = chance.poisson(self.texts * by_day / self.copies, self.languages)
        counts = self.copies * drawer.draw(shares, np.repeat(drawn, len(self.signals)), chance)
        texts = (self.copies * drawn).astype(np.int64)
        if grid.watches_mix:
            names = [*grid.layouts[-1].categories, OTHER]
            counts = np.concatenate([counts, texts, np.zeros(len(names) - self.languages, dtype=np.int64)])
        return Sums(counts, texts, np.zeros((self.languages, FEATURES), dtype=np.int64))

    def by_hour(self, grid: Grid, shares: Doubles, chance: np.random.Generator) -> Doubles:
        """Shares `[168, bins]` by hour of the week: each histogram leans to one side and back, at hours of its own."""
        sizes = _sizes(grid)
        hour = np.arange(HOURS)[:, None]
        phases, sides = chance.uniform(0, 24, len(sizes)), chance.choice([-1.0, 1.0], len(sizes))
        wave = np.sin(2 * np.pi * (hour - phases) / 24) + 0.5 * (hour >= WEEKEND)
        place = np.concatenate([np.linspace(-1.0, 1.0, size) for size in sizes])
        tilted = shares * np.exp(4 * self.season * np.repeat(wave * sides, sizes, axis=1) * place)
        first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        return np.asarray(tilted / np.repeat(np.add.reduceat(tilted, first, axis=1), sizes, axis=1))


class _Drawer:
    """Draws counts of histograms of different sizes: those of one size together."""

    def __init__(self, sizes: NDArray[np.intp]) -> None:
        first = np.concatenate([[0], np.cumsum(sizes)])
        self._bins = int(first[-1])
        self._groups = [
            (rows, first[rows][:, None] + np.arange(size))
            for size in np.unique(sizes)
            for rows in (np.flatnonzero(sizes == size),)
        ]

    def draw(self, shares: Doubles, texts: Ints, chance: np.random.Generator) -> Ints:
        found = np.zeros(self._bins, dtype=np.int64)
        for rows, places in self._groups:
            found[places] = chance.multinomial(texts[rows], shares[places])
        return found

    def shocked(self, shares: Doubles, shock: float, chance: np.random.Generator) -> Doubles:
        found = chance.gamma(np.maximum(shares / shock, 1e-12))
        for _, places in self._groups:
            found[places] /= np.maximum(found[places].sum(axis=1, keepdims=True), 1e-300)
        return np.asarray(found)


def _sizes(grid: Grid) -> NDArray[np.intp]:
    """Bins of all histograms but the mix."""
    sizes = np.diff(grid.parts.first)
    return sizes[:-1] if grid.watches_mix else sizes


def _signal(signal: str, texts: int, chance: np.random.Generator) -> tuple[Layout, Ints, Doubles]:
    """Bins, the reference's counts in them, and the true shares of all texts."""
    if signal in CATEGORIES or family_of(signal) == "category":
        truth = np.array([*CATEGORIES.get(signal, PLANS), 0.0])
        names = [f"{signal}-{place}" for place in range(len(truth) - 1)]
        return Layout(signal=signal, kind="category", categories=names), chance.multinomial(texts, truth), truth
    if family_of(signal) == "missing":
        truth = np.array([1.0 - MISSING, MISSING])
        return _numbers(signal, 2), chance.multinomial(texts, truth), truth
    if signal in SHARES:
        truth = SHARE_BINS / SHARE_BINS.sum()
        return _numbers(signal, len(truth)), chance.multinomial(texts, truth), truth
    counts, truth = quantile_reference(texts, chance)
    return _numbers(signal, len(counts)), counts, truth


def signals_of_columns(columns: int) -> tuple[str, ...]:
    """The signals of a model of a table that answers numbers; every third column is one of categories."""
    kinds = [("category", "number", "number")[place % 3] for place in range(columns)]
    read = [f"{kind}.c{place}" for place, kind in enumerate(kinds)]
    return (*read, *(f"missing.c{place}" for place in range(columns)), "value", "width")


def _numbers(signal: str, bins: int) -> Layout:
    return Layout(signal=signal, kind="number", edges=[float(edge) for edge in range(1, bins)])


def quantile_reference(texts: int, chance: np.random.Generator) -> tuple[Ints, Doubles]:
    """Counts of a reference whose edges are its own quantiles, smallest and largest value, and the true shares of bins.

    Between neighbours of `texts` numbers from any continuous distribution lie shares that are spread like those of
    independent exponential numbers (the spacings of order statistics).
    """
    count = max(1, min(MOST_QUANTILES, texts // 10 - 1))
    ranks = np.ceil(np.arange(1, count + 1) / (count + 1) * texts).astype(np.int64)
    below = np.array([0, 0, *(ranks - 1), texts, texts])  # texts of the reference below each edge
    gaps = np.array([0, 1, *ranks, texts, texts + 1])  # spacings below each edge
    return np.diff(below), chance.dirichlet(np.diff(gaps).astype(np.float64))

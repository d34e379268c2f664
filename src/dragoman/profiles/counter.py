"""Counting a batch of texts into the bins of a reference, language by language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.profiles.columns import Coded, Columns, coded, is_category
from dragoman.profiles.counting import Numbers, as_numbers, count_categories, count_numbers, edges_for
from dragoman.profiles.probe import EMBEDDING_SIGNALS, feature_sums
from dragoman.profiles.reference import OTHER, Reference

__all__ = ["Counter", "Sums"]

Ints = NDArray[np.int64]


class Sums(NamedTuple):
    """Where is counted."""

    mix: Ints  # [languages of the mix], `OTHER` last
    counts: Mapping[str, Mapping[str, Ints]]  # language → signal → bins
    features: Mapping[str, Ints]  # language → [32]


class Part(NamedTuple):
    """The rows of one language."""

    language: str
    rows: slice


class Counter:
    """Counts texts as a reference says. `mix` names the places of `Sums.mix`."""

    def __init__(self, reference: Reference, mix: list[str]) -> None:
        self._languages, self._mix = reference.languages, mix
        self._edges: dict[tuple[str, str, np.dtype[Any]], Numbers] = {}

    def count(self, sums: Sums, languages: Coded, columns: Columns) -> None:
        """Add a batch to `sums`. The columns are checked already."""
        places = self._places(languages)
        sums.mix[:] += np.bincount(places, minlength=len(self._mix))
        order = np.argsort(places, kind="stable")  # of 16 bits: a radix sort
        parts = list(self._parts(places))
        for signal in columns.keys() - set(EMBEDDING_SIGNALS):
            column = columns[signal]
            if is_category(signal):
                self._count_categories(sums, signal, coded(column), order, parts)
            else:
                assert not isinstance(column, Coded)
                self._count_numbers(sums, signal, as_numbers(column)[order], parts)
        if EMBEDDING_SIGNALS[0] in columns:
            self._count_embeddings(sums, columns, order, parts)

    def _places(self, languages: Coded) -> NDArray[np.int16]:
        """Each row's place in the mix; a language that is not in it, or missing, is `OTHER`."""
        place = {name: number for number, name in enumerate(self._mix)}
        table = [place.get(name, place[OTHER]) for name in languages.names]
        places: NDArray[np.int16] = np.array([*table, place[OTHER]], dtype=np.int16)[np.maximum(languages.codes, -1)]
        return places

    def _parts(self, places: NDArray[np.int16]) -> Iterator[Part]:
        stop = 0
        for name, count in zip(self._mix, np.bincount(places, minlength=len(self._mix)).tolist(), strict=True):
            start, stop = stop, stop + count
            if count and name in self._languages:
                yield Part(name, slice(start, stop))

    def _count_categories(
        self, sums: Sums, signal: str, column: Coded, order: NDArray[np.intp], parts: list[Part]
    ) -> None:
        codes = column.codes[order]
        for name, rows in parts:
            if layout := self._languages[name].layouts.get(signal):
                sums.counts[name][signal][:] += count_categories(Coded(column.names, codes[rows]), layout)

    def _count_numbers(self, sums: Sums, signal: str, values: Numbers, parts: list[Part]) -> None:
        """`values` are sorted language by language, and are in no order afterwards."""
        for name, rows in parts:
            if signal in self._languages[name].layouts:
                sums.counts[name][signal][:] += count_numbers(values[rows], self._edges_of(name, signal, values.dtype))

    def _count_embeddings(self, sums: Sums, columns: Columns, order: NDArray[np.intp], parts: list[Part]) -> None:
        projections = np.empty((len(EMBEDDING_SIGNALS), len(order)), dtype=np.float32)
        for row, signal in zip(projections, EMBEDDING_SIGNALS, strict=True):
            row[:] = np.asarray(columns[signal])[order]
        finite = np.logical_and.reduce(np.isfinite(projections))
        if not finite.all():
            projections[:, ~finite] = np.nan
        for name, rows in parts:
            if name in sums.features:
                sums.features[name][:] += feature_sums(projections[:, rows][:, finite[rows]])
        for row, signal in zip(projections, EMBEDDING_SIGNALS, strict=True):
            self._count_numbers(sums, signal, row, parts)

    def _edges_of(self, language: str, signal: str, dtype: np.dtype[Any]) -> Numbers:
        key = language, signal, dtype
        if key not in self._edges:
            self._edges[key] = edges_for(self._languages[language].layouts[signal], dtype)
        return self._edges[key]

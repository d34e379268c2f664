"""The reference: the bins of every language's signals, and how held-out texts are spread over them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from dragoman.errors import Untrusted
from dragoman.profiles.columns import Coded, Column, Columns, check_columns, coded, is_category, rows_of
from dragoman.profiles.counting import count_column
from dragoman.profiles.layout import Layout, layout_of
from dragoman.profiles.probe import DIRECTIONS, EMBEDDING_SIGNALS, Probe, feature_sums
from dragoman.profiles.signals import family_of
from dragoman.records import FeatureColumn, Record
from dragoman.records.features import ColumnKind

__all__ = ["OTHER", "LanguageReference", "Reference", "build_reference"]

OTHER = "other"
MIN_TEXTS = 30

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LanguageReference:
    """One language: how many texts, and how they are spread over the bins of each signal."""

    texts: int
    layouts: dict[str, Layout]
    counts: dict[str, Ints]
    features: Ints | None  # [32] sums of cosines, then of sines, in units of 1 / FEATURE_SCALE


@dataclass(frozen=True, eq=False)
class Reference:
    """What the texts of a model look like. `mix` counts the texts of all languages, also of those with too few."""

    languages: dict[str, LanguageReference]
    mix: dict[str, int]
    probe: Probe | None

    @cached_property
    def digest(self) -> str:
        """SHA-256 of its bytes. Profiles of another reference do not add up."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    @cached_property
    def columns(self) -> list[FeatureColumn]:
        """Names and kinds of the columns that are profiled, by name."""
        signals = {signal for one in self.languages.values() for signal in one.layouts}
        names = sorted(signal.partition(".")[2] for signal in signals if family_of(signal) == "missing")
        kinds: dict[bool, ColumnKind] = {True: "number", False: "category"}
        return [FeatureColumn(name=name, kind=kinds[f"number.{name}" in signals]) for name in names]

    def to_bytes(self) -> bytes:
        """The contents of a bundle's reference file; the same texts and answers give the same bytes."""
        languages = {name: _stored(one) for name, one in sorted(self.languages.items())}
        stored = _Stored(format=1, languages=languages, mix=dict(sorted(self.mix.items())), probe=self.probe)
        return msgspec.msgpack.encode(stored)

    @classmethod
    def from_bytes(cls, content: bytes) -> Reference:
        """Raises `Untrusted` for anything that `to_bytes` did not give."""
        try:
            stored = msgspec.msgpack.decode(content, type=_Stored)
            languages = {name: _restored(one) for name, one in stored.languages.items()}
        except (ValueError, OverflowError) as error:
            raise Untrusted(f"These bytes are no reference: {error}.", help="Make the bundle again.") from None
        return cls(languages, stored.mix, stored.probe)


def build_reference(languages: Sequence[str], columns: Columns, *, probe: Probe | None = None) -> Reference:
    """The reference of texts: the language of each, and their values, `[texts]` each, as `columns_of` gives them.

    A language of fewer than 30 texts is counted in the mix only, and so is a signal that fewer of its texts have.
    Embeddings need the `probe` that projected them. Raises `InvalidInput` for columns that are no signals.
    """
    check_columns(columns, len(languages))
    mix = Counter(languages)
    known = {
        name: coded(column) if is_category(name) else column
        for name, column in columns.items()
        if probe is not None or family_of(name) != "embedding"
    }
    names = np.asarray(languages, dtype=object)
    built = {name: _build_language(known, np.flatnonzero(names == name)) for name in mix if mix[name] >= MIN_TEXTS}
    return Reference(dict(sorted(built.items())), dict(sorted(mix.items())), probe)


def _build_language(columns: Columns, rows: NDArray[np.intp]) -> LanguageReference:
    own = {name: rows_of(column, rows) for name, column in columns.items()}
    present = {name: values for name, column in own.items() if len(values := _present(column)) >= MIN_TEXTS}
    layouts = {name: layout_of(name, values) for name, values in sorted(present.items())}
    counts = {name: count_column(own[name], layout) for name, layout in layouts.items()}
    if not layouts.keys() >= set(EMBEDDING_SIGNALS):
        return LanguageReference(len(rows), layouts, counts, None)
    projections = np.array([own[name] for name in EMBEDDING_SIGNALS], dtype=np.float32)
    finite = np.isfinite(projections).all(axis=0)
    return LanguageReference(len(rows), layouts, counts, feature_sums(projections[:, finite]))


def _present(column: Column) -> NDArray[Any]:
    """The values that are not missing."""
    if isinstance(column, Coded):
        names: NDArray[Any] = np.array(column.names, dtype=object)
        return np.take(names, column.codes[column.codes >= 0])
    return np.compress(np.isfinite(column), column)


# As it is stored ----------------------------------------------------------------------------------------------------


class _StoredSignal(Record, frozen=True, kw_only=True):
    layout: Layout
    counts: list[int]


class _StoredLanguage(Record, frozen=True, kw_only=True):
    texts: int
    signals: list[_StoredSignal]
    features: list[int] | None


class _Stored(Record, frozen=True, kw_only=True):
    format: Literal[1]
    languages: dict[str, _StoredLanguage]
    mix: dict[str, int]
    probe: Probe | None


def _stored(one: LanguageReference) -> _StoredLanguage:
    return _StoredLanguage(
        texts=one.texts,
        signals=[
            _StoredSignal(layout=layout, counts=one.counts[name].tolist())
            for name, layout in sorted(one.layouts.items())
        ],
        features=None if one.features is None else one.features.tolist(),
    )


def _restored(one: _StoredLanguage) -> LanguageReference:
    for signal in one.signals:
        if len(signal.counts) != signal.layout.bins:
            raise ValueError(f"{signal.layout.signal} has {len(signal.counts)} counts for {signal.layout.bins} bins")
    if one.features is not None and len(one.features) != 2 * DIRECTIONS:
        raise ValueError(f"there are {len(one.features)} features")
    return LanguageReference(
        one.texts,
        {signal.layout.signal: signal.layout for signal in one.signals},
        {signal.layout.signal: np.array(signal.counts, dtype=np.int64) for signal in one.signals},
        None if one.features is None else np.array(one.features, dtype=np.int64),
    )

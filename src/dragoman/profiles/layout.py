"""The bins of a signal: edges of numbers, or a list of categories."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from dragoman.profiles.signals import COLUMN_FAMILIES, SIGNALS, family_of
from dragoman.records import Record

__all__ = ["Layout", "layout_of"]

DIGITS = 6  # significant ones of an edge: short to write, and steady where values differ in their last bits
MOST_QUANTILES = 31
TEXTS_PER_BIN = 10  # quantiles of fewer are chance
MOST_CATEGORIES = 64
LEAST = 1e-6  # the smallest share above zero: values have six decimals
SHARES = (0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12, 0.16, 0.24, 0.32, 0.48, 0.64, 0.8)
REST = "everything else"
EMPTY = "an empty text"
FLAG = 0.5  # the edge between what is not the case, 0, and what is, 1

Values = NDArray[np.float64]


class Layout(Record, frozen=True, kw_only=True):
    """The bins of one signal. They never change: that is why counts add up.

    Numbers: bin `i` is `[edges[i-1], edges[i])`, the first and the last are open. Categories: one bin each, and a last
    one for everything else.
    """

    signal: str
    kind: Literal["number", "category"]
    edges: list[float] = msgspec.field(default_factory=list)  # of numbers: rising
    categories: list[str] = msgspec.field(default_factory=list)

    @property
    def bins(self) -> int:
        return len(self.edges if self.kind == "number" else self.categories) + 1

    @property
    def title(self) -> str:
        """What is counted, for people: the name of a column, else that of the signal."""
        family, _, column = self.signal.partition(".")
        return column if family in COLUMN_FAMILIES else self.signal

    @property
    def is_flag(self) -> bool:
        """Whether it has two bins only: what is not the case, and what is."""
        signal = SIGNALS.get(family_of(self.signal))
        return signal is not None and signal.bins == "flag"

    def describe(self, start: int, stop: int) -> str:
        """The bins `start` to `stop` - 1 in words: "12 to 17", "exactly 0", "60 or more", "Cyrl, Latn", "missing"."""
        if self.kind == "category":
            return ", ".join([*(name or EMPTY for name in self.categories), REST][start:stop])
        if self.is_flag:
            return "missing" if start else "present" if stop < self.bins else "anything"
        low = self.edges[start - 1] if start > 0 else None
        high = self.edges[stop - 1] if stop <= len(self.edges) else None
        return self._share_range(low, high) if self.edges[:1] == [LEAST] else self._range(low, high)

    def _range(self, low: float | None, high: float | None) -> str:
        if low is None or high is None:
            return (
                "anything" if low == high else f"below {_shown(high)}" if high is not None else f"{_shown(low)} or more"
            )
        if all(map(float.is_integer, self.edges)):  # of whole numbers: 14 and 15 are below 16
            return f"{low:g}" if high == low + 1 else f"{low:g} to {high - 1:g}"
        return _shown(low) if high <= _above(low) else f"{_shown(low)} to {_shown(high)}"

    def _share_range(self, low: float | None, high: float | None) -> str:
        if low is None:
            return "exactly 0" if high == LEAST else self._range(low, high)
        if low > LEAST:
            return self._range(low, high)
        return "above 0" if high is None else f"above 0, below {_shown(high)}"


def _shown(edge: float | None) -> str:
    """Three digits, or all where these would say a whole number that it is not."""
    assert edge is not None  # the callers have seen to it
    short = f"{edge:.3g}"
    return f"{edge:g}" if float(short).is_integer() else short


def layout_of(signal: str, values: NDArray[Any]) -> Layout:
    """The bins of a signal, from at least one reference value; none is missing."""
    match SIGNALS[family_of(signal)].bins:
        case "quantiles":
            edges = _quantile_edges(values.astype(np.float64))
            return Layout(signal=signal, kind="number", edges=edges)
        case "shares":
            return Layout(signal=signal, kind="number", edges=[LEAST, *SHARES])
        case "flag":
            return Layout(signal=signal, kind="number", edges=[FLAG])
        case "categories":
            return Layout(signal=signal, kind="category", categories=_by_frequency(values.tolist()))


def _quantile_edges(values: Values) -> list[float]:
    """Quantiles of the values, and bins of their own for what is below the smallest and above the largest of them."""
    count = max(1, min(MOST_QUANTILES, len(values) // TEXTS_PER_BIN - 1))
    inner = np.quantile(values, np.arange(1, count + 1) / (count + 1), method="inverted_cdf")
    low, high = _at_most(float(values.min())), _above(float(values.max()))
    if (values == np.rint(values)).all():
        high = float(np.floor(values.max()) + 1)
    return sorted({low, *(edge for value in inner if low < (edge := _rounded(float(value))) < high), high})


def _by_frequency(values: Iterable[str]) -> list[str]:
    counts = Counter(values)
    return sorted(counts, key=lambda name: (-counts[name], name))[:MOST_CATEGORIES]


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS - 1}e}") + 0.0  # no negative zero


def _at_most(value: float) -> float:
    rounded = _rounded(value)
    return rounded if rounded <= value else _rounded(rounded - _step(value))


def _above(value: float) -> float:
    rounded = _rounded(value)
    return rounded if rounded > value else _rounded(rounded + _step(value))


def _step(value: float) -> float:
    """The distance of neighbouring numbers of so many digits."""
    return math.pow(10.0, math.floor(math.log10(abs(value))) - DIGITS + 1) if value else LEAST

"""A change of a mean, split into a change of the mix of languages and changes within them.

A mean over all texts is the sum of `share * mean` of the languages. Between two periods it changes by

    sum of (share now - share before) * (average of both means)         the mix
  + sum of (mean now - mean before) * (average of both shares)          within languages

exactly (Kitagawa 1955; with means of a regression: Oaxaca 1973, Blinder 1973). A language that has no texts in one
period has no mean there; its own is used for both, so that all it does counts as mix.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.monitoring.drift.mean import Mean
from dragoman.records import Record

__all__ = ["LanguagePart", "Split", "split_change"]

Z95 = 1.959963984540054

Doubles = NDArray[np.float64]


class LanguagePart(Record, frozen=True, kw_only=True):
    """What one language adds to the change. Parts of all languages add up to those of the whole."""

    language: str
    before_n: int
    after_n: int
    before_share: float
    after_share: float
    before: float | None  # its mean; None without texts
    after: float | None
    mix: float  # because it has another share; above 0 where it gained and is above the average, or lost and is below
    mix_error: float  # standard error
    within: float  # because its mean is another
    within_error: float


class Split(Record, frozen=True, kw_only=True):
    """`after - before = mix + within`, up to rounding, with standard errors."""

    before: float
    after: float
    change_error: float
    mix: float
    mix_error: float
    within: float
    within_error: float
    languages: list[LanguagePart]  # the largest contribution first

    @property
    def change(self) -> float:
        return self.after - self.before

    @property
    def mix_interval(self) -> tuple[float, float]:
        """95%."""
        return self.mix - Z95 * self.mix_error, self.mix + Z95 * self.mix_error

    @property
    def within_interval(self) -> tuple[float, float]:
        """95%."""
        return self.within - Z95 * self.within_error, self.within + Z95 * self.within_error


def split_change(before: Mapping[str, Mean], after: Mapping[str, Mean]) -> Split | None:
    """Split the change of the mean over all languages. None if a period has no texts.

    Errors are those of independent texts, by the delta method: of the shares as multinomial, and of the means.
    """
    names = sorted(name for name in before.keys() | after.keys() if _n(before, name) + _n(after, name))
    old, new = _period(before, names), _period(after, names)
    if not old.total or not new.total:
        return None
    old, new = old.completed(new), new.completed(old)
    middle = (old.means + new.means) / 2
    centred = middle - (old.mean + new.mean) / 2
    mix, within = (new.shares - old.shares) * centred, (new.means - old.means) * (old.shares + new.shares) / 2
    errors = _errors(old, new, centred)
    found = _Found(old, new, mix, within, errors)
    parts = [_part(name, place, found) for place, name in enumerate(names)]
    return Split(
        before=old.mean,
        after=new.mean,
        change_error=math.sqrt(_variance_of_mean(old) + _variance_of_mean(new)),
        mix=float(mix.sum()),
        mix_error=errors.mix,
        within=float(within.sum()),
        within_error=errors.within,
        languages=sorted(parts, key=lambda part: (-abs(part.mix + part.within), part.language)),
    )


class _Period(NamedTuple):
    """One period, by language."""

    total: int
    n: Doubles
    shares: Doubles
    means: Doubles
    noise: Doubles  # variance of each mean

    @property
    def mean(self) -> float:
        return float(self.shares @ self.means)

    def completed(self, other: _Period) -> _Period:
        """With the other period's means where this one has none."""
        return self._replace(means=np.where(self.n > 0, self.means, other.means))

    def variance_of(self, values: Doubles) -> float:
        """Of the sum of shares times values, from the shares alone."""
        return max(float(self.shares @ values**2) - float(self.shares @ values) ** 2, 0.0) / self.total


class _Errors(NamedTuple):
    mix: float
    within: float
    mixes: Doubles
    withins: Doubles


class _Found(NamedTuple):
    old: _Period
    new: _Period
    mix: Doubles
    within: Doubles
    errors: _Errors


def _n(period: Mapping[str, Mean], name: str) -> int:
    return period[name].n if name in period else 0


def _period(period: Mapping[str, Mean], names: list[str]) -> _Period:
    found = [period[name] if _n(period, name) else Mean(n=0) for name in names]
    n = np.array([one.n for one in found], dtype=np.float64)
    return _Period(
        total=int(n.sum()),
        n=n,
        shares=n / max(n.sum(), 1.0),
        means=np.array([one.mean for one in found], dtype=np.float64),
        noise=np.array([one.variance for one in found], dtype=np.float64) / np.maximum(n, 1.0),
    )


def _errors(old: _Period, new: _Period, centred: Doubles) -> _Errors:
    moved, halves = new.shares - old.shares, (old.shares + new.shares) / 2
    weights = np.where((old.n > 0) & (new.n > 0), 0.5, 1.0)  # of a mean that stands for both
    mean_noise = moved**2 * weights**2 * (old.noise + new.noise)
    both = weights < 1.0
    gap_noise = np.where(both, halves**2 * (old.noise + new.noise), 0.0)
    gap = np.where(both, new.means - old.means, 0.0) / 2
    share_noise = sum(one.shares * (1 - one.shares) / one.total for one in (old, new))
    mix = mean_noise.sum() + old.variance_of(centred) + new.variance_of(centred)
    within = gap_noise.sum() + old.variance_of(gap) + new.variance_of(gap)
    return _Errors(
        mix=math.sqrt(mix),
        within=math.sqrt(within),
        mixes=np.sqrt(mean_noise + centred**2 * share_noise),
        withins=np.sqrt(gap_noise + gap**2 * share_noise),
    )


def _variance_of_mean(period: _Period) -> float:
    return float(period.shares**2 @ period.noise) + period.variance_of(period.means)


def _part(name: str, place: int, found: _Found) -> LanguagePart:
    old, new, mix, within, errors = found
    return LanguagePart(
        language=name,
        before_n=int(old.n[place]),
        after_n=int(new.n[place]),
        before_share=float(old.shares[place]),
        after_share=float(new.shares[place]),
        before=float(old.means[place]) if old.n[place] else None,
        after=float(new.means[place]) if new.n[place] else None,
        mix=float(mix[place]),
        mix_error=float(errors.mixes[place]),
        within=float(within[place]),
        within_error=float(errors.withins[place]),
    )

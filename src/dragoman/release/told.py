"""What two models of numbers said of one row of the evaluation data."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dragoman.release.cases import Case
from dragoman.release.harm import differ
from dragoman.release.language_comparison import ALL, ErrorPairs, LanguageComparison, compare_errors
from dragoman.release.outcome import Number

__all__ = ["Told", "compare_told", "usual_truth"]

Numbers = tuple[Number, ...]  # one, or the steps of a forecast; none of an input that was refused


class Told(NamedTuple):
    """A case, and the numbers of both versions."""

    case: Case
    champion: Numbers
    challenger: Numbers

    @property
    def different(self) -> bool:
        """Whether the challenger is outside of the champion's intervals, or only one of them answered."""
        if self.champion and self.challenger:
            return differ(self.champion, self.challenger)
        return bool(self.champion) != bool(self.challenger)

    def errors(self, usual: float) -> tuple[float, ...]:
        """One of each of the columns of `ErrorPairs`. `usual` is the naive answer where the case has none."""
        truth = values_of(self.case.truth)
        known = usual if self.case.naive is None else self.case.naive
        naive = _mean_error(values_of(known) * (1 if isinstance(known, tuple) else len(truth)), truth)
        both = [_mean_error([one.value for one in said], truth) if said else naive for said in self[1:]]
        return both[0], both[1], naive, *(_held(said, truth) for said in self[1:])


def compare_told(told: Sequence[Told]) -> tuple[LanguageComparison, list[LanguageComparison]]:
    """All rows together, and those of each language."""
    usual = usual_truth([one.case for one in told])
    pairs = ErrorPairs(*np.array([one.errors(usual) for one in told], dtype=np.float64).T)
    different = np.array([one.different for one in told])
    languages = np.array([one.case.language for one in told], dtype=object)
    rows = [
        compare_errors(name, pairs.rows(languages == name), different=int(different[languages == name].sum()))
        for name in sorted(set(languages))
    ]
    return compare_errors(ALL, pairs, different=int(different.sum())), rows


def usual_truth(cases: Sequence[Case]) -> float:
    """The median of all true values: the naive answer."""
    return statistics.median([value for case in cases for value in values_of(case.truth)])


def values_of(truth: str | float | tuple[float, ...]) -> tuple[float, ...]:
    return truth if isinstance(truth, tuple) else (float(truth),)


def _mean_error(values: Sequence[float], truth: Sequence[float]) -> float:
    return statistics.fmean(abs(value - true) for value, true in zip(values, truth, strict=True))


def _held(said: Numbers, truth: Sequence[float]) -> float:
    """The share of true values inside the intervals."""
    return statistics.fmean(one.holds(true) for one, true in zip(said, truth, strict=True)) if said else 0.0

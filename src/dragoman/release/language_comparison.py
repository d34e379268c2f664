"""What both versions made of the evaluation data of one language, or of all."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.records import Interval, Record
from dragoman.release.paired import Pairs, binomial_tail, drop_interval, drop_p_value, smallest_detectable_drop
from dragoman.release.skill import Moments, fall_p_value, low_p_value, mean_interval, smallest_detectable_fall
from dragoman.training.evaluation import wilson_interval

__all__ = [
    "ALL",
    "LEVEL",
    "Counted",
    "ErrorPairs",
    "LanguageComparison",
    "compare_errors",
    "compare_pairs",
    "share_p_value",
]

ALL = "*"
LEVEL = 0.9  # of all intervals here: each end alone errs in 5% of cases

Counted = Literal["texts", "rows"]
Doubles = NDArray[np.float64]


class LanguageComparison(Record, frozen=True, kw_only=True):
    """What both versions made of the texts or rows of one language, or of all."""

    language: str  # "*": all
    n: int
    champion: Interval  # accuracy; of models of numbers, skill
    challenger: Interval
    drop: Interval  # of the champion above the challenger's, paired
    lost: int  # texts that the champion has right and the challenger wrong; of numbers, on which it is nearer
    gained: int  # the other way round
    different: int  # texts with different labels, right or wrong; of numbers, outside of the champion's interval
    measure: Literal["accuracy", "skill"] = "accuracy"
    counted: Counted = "texts"
    falls: Moments | None = None  # of numbers: by how much the challenger's skill is lower, row by row
    skills: Moments | None = None  # of numbers: the challenger's skill, row by row
    coverage: Interval | None = None  # of numbers: share of true values inside the challenger's intervals
    champion_coverage: Interval | None = None

    @property
    def drop_p_value(self) -> float:
        """How probable so large a drop is where there is none."""
        if self.falls is not None:
            return fall_p_value(self.falls)
        return drop_p_value(Pairs(0, self.lost, self.gained, 0))

    def floor_p_value(self, floor: float) -> float:
        """How probable so low a challenger's measure is where the true one is `floor`."""
        if self.skills is not None:
            return low_p_value(self.skills, floor)
        return share_p_value(self.challenger, floor)

    def smallest_detectable_drop(self, *, alpha: float, power: float) -> float:
        """The smallest drop that a test at `alpha` finds with probability `power`; 1.0 or more if none is."""
        if self.falls is not None:
            return smallest_detectable_fall(self.falls, alpha=alpha, power=power)
        return smallest_detectable_drop(self.n, different=(self.lost + self.gained) / self.n, alpha=alpha, power=power)


class ErrorPairs(NamedTuple):
    """Absolute errors of both versions and of the naive answer, each `[rows]`, and which true values intervals hold."""

    champion: Doubles
    challenger: Doubles
    naive: Doubles
    champion_holds: Doubles  # 0 or 1; of a forecast, the share of its steps
    challenger_holds: Doubles

    def rows(self, chosen: NDArray[np.bool_]) -> ErrorPairs:
        return ErrorPairs(*(part[chosen] for part in self))


def compare_pairs(language: str, pairs: Pairs, *, different: int, counted: Counted = "texts") -> LanguageComparison:
    """The accuracies of both versions, and their difference, with intervals."""
    return LanguageComparison(
        language=language,
        n=pairs.n,
        champion=wilson_interval(pairs.both + pairs.lost, pairs.n, level=LEVEL),
        challenger=wilson_interval(pairs.both + pairs.gained, pairs.n, level=LEVEL),
        drop=drop_interval(pairs, level=LEVEL),
        lost=pairs.lost,
        gained=pairs.gained,
        different=different,
        counted=counted,
    )


def compare_errors(language: str, pairs: ErrorPairs, *, different: int) -> LanguageComparison:
    """The skills of both versions, and their difference, with intervals.

    Where the naive answer makes no error, errors themselves stand for their share of it.
    """
    unit = float(pairs.naive.mean()) or 1.0
    falls = Moments.of((pairs.challenger - pairs.champion) / unit)
    champion, challenger = (Moments.of(1 - errors / unit) for errors in (pairs.champion, pairs.challenger))
    return LanguageComparison(
        language=language,
        n=falls.n,
        champion=mean_interval(champion, level=LEVEL),
        challenger=mean_interval(challenger, level=LEVEL),
        drop=mean_interval(falls, level=LEVEL),
        lost=int((pairs.champion < pairs.challenger).sum()),
        gained=int((pairs.challenger < pairs.champion).sum()),
        different=different,
        measure="skill",
        counted="rows",
        falls=falls,
        skills=challenger,
        coverage=_share(pairs.challenger_holds),
        champion_coverage=_share(pairs.champion_holds),
    )


def share_p_value(found: Interval, floor: float) -> float:
    """How probable so small a share is where the true one is `floor`: the exact binomial test."""
    if floor >= 1:
        return 0.0 if found.value < 1 else 1.0
    return binomial_tail(round(found.value * found.n), found.n, floor)


def _share(holds: Doubles) -> Interval:
    return wilson_interval(round(float(holds.sum())), len(holds), level=LEVEL)

"""How far people agree: Krippendorff's alpha for labels.

K. Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011, section C (nominal data, any number of observers,
missing values). 1: they always agree; 0: as often as by chance; below: less often than that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dragoman.feedback.review.standing import answers_of
from dragoman.records import Record, ReviewDecision, ReviewTask
from dragoman.records.training import Interval

__all__ = ["Agreement", "agreement_of", "krippendorff_alpha"]

RESAMPLES, SEED, LEVEL = 1_000, 20_110, 0.95
FEWEST = 10  # tasks, for an interval

Floats = NDArray[np.float64]


class Agreement(Record, frozen=True, kw_only=True):
    """Of one language, or of all ("all")."""

    language: str
    tasks: int  # with two answers
    same: int  # of these, with the same label
    alpha: float | None  # None: too few tasks, or only one label was ever given
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """What alpha is made of, for each unit."""

    disagreement: Floats  # [units] pairs of different values, by the number of values less one
    counts: Floats  # [units, values]

    @classmethod
    def of(cls, units: Iterable[Sequence[str]]) -> Parts:
        """Units with one value say nothing."""
        paired = [unit for unit in units if len(unit) > 1]
        names = {name: place for place, name in enumerate(sorted({name for unit in paired for name in unit}))}
        counts = np.zeros((len(paired), len(names)))
        for place, unit in enumerate(paired):
            for name in unit:
                counts[place, names[name]] += 1
        sizes = counts.sum(axis=1)
        return cls((sizes**2 - (counts**2).sum(axis=1)) / (sizes - 1), counts)

    def alphas(self, weights: Floats) -> Floats:
        """Alpha where unit u is there `weights[., u]` times: `[samples, units]` → `[samples]`, NaN if undefined."""
        totals = weights @ self.counts
        values = totals.sum(axis=1)
        expected = values**2 - (totals**2).sum(axis=1)
        observed = (values - 1) * (weights @ self.disagreement)
        return np.where(expected > 0, 1 - observed / np.where(expected > 0, expected, 1), np.nan)


def krippendorff_alpha(units: Iterable[Sequence[str]]) -> float | None:
    """Alpha of units, each with the values that observers gave it; None where it is not defined."""
    parts = Parts.of(units)
    found = float(parts.alphas(np.ones((1, len(parts.counts))))[0])
    return None if np.isnan(found) else found


def alpha_interval(units: Iterable[Sequence[str]]) -> Interval | None:
    """The percentile interval of a bootstrap over units, with a fixed seed; None where there are too few."""
    parts = Parts.of(units)
    count = len(parts.counts)
    if count < FEWEST:
        return None
    draws = np.random.default_rng(SEED).multinomial(count, np.full(count, 1 / count), size=RESAMPLES)
    alphas = parts.alphas(draws.astype(np.float64))
    if np.isnan(value := float(parts.alphas(np.ones((1, count)))[0])):
        return None
    low, high = np.nanquantile(alphas, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(value=value, low=float(low), high=float(high), n=count, level=LEVEL)


def agreement_of(tasks: Iterable[ReviewTask], decisions: Iterable[ReviewDecision]) -> list[Agreement]:
    """Over all languages first, then of each. Only the first two answers to a task that wanted two are looked at.

    A third one is asked for where two disagree: counted, it would make people seem to agree less than they do.
    """
    said: defaultdict[str, list[ReviewDecision]] = defaultdict(list)
    for one in decisions:
        said[one.task].append(one)
    units: defaultdict[str, list[list[str]]] = defaultdict(list)
    for task in tasks:
        pair = [one.label for one in answers_of(said[task.id])[:2]]
        if task.wanted > 1 and len(pair) == 2:
            units[task.language].append(pair)
    together = {"all": [unit for language in sorted(units) for unit in units[language]], **dict(sorted(units.items()))}
    return _rows(together)


def _rows(units: Mapping[str, Sequence[Sequence[str]]]) -> list[Agreement]:
    return [
        Agreement(
            language=language,
            tasks=len(own),
            same=sum(one[0] == one[1] for one in own),
            alpha=krippendorff_alpha(own),
            interval=alpha_interval(own),
        )
        for language, own in units.items()
    ]

"""The limits of a release: how much harm a healthy challenger may do, per metric and language."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.records import Baseline
from dragoman.spec import ReleaseSpec

__all__ = ["Limits", "agreement_limits", "evidence_alpha", "margin_of", "pooled_baseline", "upper_bound"]

BASELINE_SHARE = 0.6  # of alpha: for evaluations that by chance saw too little disagreement
ONE_SIDED = 0.025  # of the bound that a margin is added to

Doubles = NDArray[np.float64]


class Limits(NamedTuple):
    """A challenger fails when its harm is shown to be above `fail`, and passes when it is shown to be below `safe`."""

    fail: Doubles
    safe: Doubles


def margin_of(spec: ReleaseSpec, metric: str) -> float:
    """The spec's margin of a metric."""
    return float(getattr(spec.margins, metric))


def evidence_alpha(spec: ReleaseSpec) -> float:
    """The part of alpha that evidence from traffic may spend; the rest is spent on the baselines."""
    return spec.alpha * (1.0 - BASELINE_SHARE)


def agreement_limits(spec: ReleaseSpec, baselines: Mapping[str, Baseline], languages: Sequence[str]) -> Limits:
    """Limits `[languages]` of the share of requests with different labels; NaN where no evaluation says anything.

    Both come from the disagreement measured before traffic. `fail` is the measured share plus the margin or, where the
    evaluation was so small that chance is greater than the margin, an exact upper bound of the true share: bounds that
    hold in all languages at once except with probability `alpha * BASELINE_SHARE`. `safe` is the upper end of the usual
    95% interval plus the margin, and at least `fail`. Neither is above `spec.disagreement`: wrong data can explain any
    difference. A language that was not evaluated has the evaluation of all languages together.
    """
    level = spec.alpha * BASELINE_SHARE / max(len(languages), 1)
    together = pooled_baseline(baselines.values())
    pairs = [_limits(baselines.get(name, together), spec, level) for name in languages]
    return Limits(*np.array(pairs, dtype=np.float64).reshape(-1, 2).T)


def pooled_baseline(baselines: Iterable[Baseline]) -> Baseline:
    """The evaluations of several languages as one."""
    several = list(baselines)
    return Baseline(texts=sum(b.texts for b in several), disagreements=sum(b.disagreements for b in several))


def _limits(baseline: Baseline, spec: ReleaseSpec, level: float) -> tuple[float, float]:
    different, texts, margin = baseline.disagreements, baseline.texts, spec.margins.agreement
    if not texts:
        return math.nan, math.nan
    fail = min(max(different / texts + margin, upper_bound(different, texts, level)), spec.disagreement)
    return fail, min(max(fail, upper_bound(different, texts, ONE_SIDED) + margin), spec.disagreement)


@lru_cache(maxsize=4_096)
def upper_bound(successes: int, trials: int, level: float) -> float:
    """Upper bound of a share that is too low with probability at most `level` (Clopper and Pearson 1934).

    It is the share under which so few successes have probability `level`.
    """
    if successes >= trials:
        return 1.0
    below, above = successes / trials, 1.0
    for _ in range(40):
        middle = (below + above) / 2
        below, above = (middle, above) if _at_most(successes, trials, middle) > level else (below, middle)
    return above


def _at_most(successes: int, trials: int, share: float) -> float:
    """Probability of at most that many successes."""
    k = np.arange(successes + 1)
    return float(
        np.exp(_log_ways(trials)[: successes + 1] + k * math.log(share) + (trials - k) * math.log1p(-share)).sum()
    )


@lru_cache(maxsize=64)
def _log_ways(trials: int) -> Doubles:
    """Logarithm of the ways to choose 0, 1, … of the trials."""
    factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, trials + 1)))])
    return np.asarray(factorials[-1] - factorials - factorials[::-1])

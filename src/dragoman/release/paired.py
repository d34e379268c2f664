"""Two versions on the same texts: what the pairs of right and wrong answers say.

Of `n` texts, `lost` are those that the champion has right and the challenger wrong, `gained` the other way round. The
drop of accuracy is `(lost - gained) / n`; texts that both have right or both wrong say nothing of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

from dragoman.records import Interval
from dragoman.training.evaluation import wilson_interval

__all__ = [
    "Pairs",
    "binomial_tail",
    "drop_interval",
    "drop_p_value",
    "refuted",
    "smallest_detectable_drop",
]

BISECTIONS = 40
NEGLIGIBLE = 1e-17


class Pairs(NamedTuple):
    """Texts by which of the two versions has them right."""

    both: int
    lost: int
    gained: int
    neither: int

    @property
    def n(self) -> int:
        return sum(self)

    @property
    def drop(self) -> float:
        """How much lower the challenger's accuracy is."""
        return (self.lost - self.gained) / self.n


def drop_interval(pairs: Pairs, *, level: float) -> Interval:
    """The drop of accuracy with the square-and-add interval for paired shares (Newcombe 1998b, method 10).

    It combines Wilson's limits of the two accuracies with their correlation, and stays sound where few pairs differ.
    """
    n = pairs.n
    champion = wilson_interval(pairs.both + pairs.lost, n, level=level)
    challenger = wilson_interval(pairs.both + pairs.gained, n, level=level)
    correlation = _correlation(pairs)

    def reach(one: float, other: float) -> float:
        return math.sqrt(max(one**2 - 2 * correlation * one * other + other**2, 0.0))

    below = reach(champion.value - champion.low, challenger.high - challenger.value)
    above = reach(champion.high - champion.value, challenger.value - challenger.low)
    low, high = max(-1.0, pairs.drop - below), min(1.0, pairs.drop + above)
    return Interval(value=pairs.drop, low=low, high=high, n=n, level=level)


def _correlation(pairs: Pairs) -> float:
    """Phi with Newcombe's correction for continuity; 0 where one version has everything right, or everything wrong."""
    both, lost, gained, neither = pairs
    margins = (both + lost) * (gained + neither) * (both + gained) * (lost + neither)
    if margins == 0:
        return 0.0
    excess = float(both * neither - lost * gained)
    return (max(excess - pairs.n / 2, 0.0) if excess > 0 else excess) / math.sqrt(margins)


def drop_p_value(pairs: Pairs) -> float:
    """How probable so many lost texts are where nothing was lost: the exact one-sided test of McNemar (1947)."""
    return binomial_tail(pairs.gained, pairs.lost + pairs.gained, 0.5)


def binomial_tail(most: int, n: int, share: float) -> float:
    """Probability of at most `most` successes in `n` trials with the probability `share` in (0, 1)."""
    if most >= n:
        return 1.0
    if most > n * share:  # the other tail is the short one
        return 1.0 - binomial_tail(n - most - 1, n, 1 - share)
    chosen = math.lgamma(n + 1) - math.lgamma(most + 1) - math.lgamma(n - most + 1)
    term = total = math.exp(chosen + most * math.log(share) + (n - most) * math.log1p(-share))
    for successes in range(most, 0, -1):
        term *= successes * (1 - share) / ((n - successes + 1) * share)
        total += term
        if term < NEGLIGIBLE * total:
            break
    return min(total, 1.0)


def smallest_detectable_drop(n: int, *, different: float, alpha: float, power: float) -> float:
    """The smallest drop that a one-sided test at `alpha` on `n` pairs finds with probability `power`; 1.0 if none is.

    `different` is the share of pairs with one right and one wrong answer (Connor 1987). A drop needs at least as many.
    """
    normal = NormalDist()
    for_size, for_power = normal.inv_cdf(1 - alpha), normal.inv_cdf(power)

    def is_found(drop: float) -> bool:
        share = max(different, drop)
        return drop * math.sqrt(n) >= for_size * math.sqrt(share) + for_power * math.sqrt(share - drop**2)

    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if is_found(middle) else (middle, high)
    return high


def refuted(p_values: Sequence[float], *, alpha: float) -> list[bool]:
    """Which of the hypotheses are refuted at the false discovery rate `alpha` (Benjamini and Hochberg 1995).

    Where all of them hold, the probability that any is refuted is at most `alpha` for independent p-values, such as
    those of languages with texts of their own.
    """
    ranked = sorted(range(len(p_values)), key=p_values.__getitem__)
    count = 0
    for rank, place in enumerate(ranked, start=1):
        if p_values[place] <= alpha * rank / len(p_values):
            count = rank
    chosen = set(ranked[:count])
    return [place in chosen for place in range(len(p_values))]

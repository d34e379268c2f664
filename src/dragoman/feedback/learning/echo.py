"""Whether the labels of a source are an echo of the model's own answers.

People who see an answer, or a system that keeps it unless somebody objects, agree with a model more often than it is
right. Blind audits say how often it is right. Both are compared within each version and language, so that neither a
change of the model nor the mix of languages counts: the test of Mantel and Haenszel (1959), one-sided, with its
correction for continuity. Given how many answers of both were right together, those of the source are hypergeometric in
each stratum, so few audits make it careful and not wrong.

A source whose labels are about easy texts is taken for an echo, too: nothing in the labels tells the two apart. What it
costs are labels that agree; a model learns little from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.feedback.learning.collected import Echo

__all__ = ["ALPHA", "FEWEST_AUDITS", "MARGIN", "Agreements", "echo_of", "echo_p_values"]

ALPHA = 0.001  # per source and look: looks are many
MARGIN = 0.005  # so far above what is expected, at least, or it does no harm
FEWEST_AUDITS = 20  # over all strata

Stratum = tuple[str, str]  # version and language
Doubles = NDArray[np.float64]


class Agreements(NamedTuple):
    """How often labels agree with the served answer: stratum → agreeing labels, labels."""

    strata: Mapping[Stratum, tuple[int, int]]

    @classmethod
    def of(cls, rows: Iterable[tuple[Stratum, bool]]) -> Agreements:
        found: dict[Stratum, tuple[int, int]] = {}
        for stratum, agrees in rows:
            right, n = found.get(stratum, (0, 0))
            found[stratum] = (right + agrees, n + 1)
        return cls(found)


def echo_of(source: str, own: Agreements, audits: Agreements) -> Echo | None:
    """The source as an echo, if it is one. Strata without an audit say nothing."""
    shared = sorted(set(own.strata) & set(audits.strata))
    if not shared:
        return None
    right, n = _columns(own, shared)
    known, m = _columns(audits, shared)
    if m.sum() < FEWEST_AUDITS:
        return None
    agreement, expected = float(right.sum() / n.sum()), float((n * known / m).sum() / n.sum())
    p_value = float(echo_p_values(right, n, known, m))
    if p_value > ALPHA or agreement - expected < MARGIN:
        return None
    return Echo(source=source, labels=int(n.sum()), agreement=agreement, expected=expected, p_value=p_value)


def echo_p_values(right: Doubles, n: Doubles, known: Doubles, m: Doubles) -> Doubles:
    """How probable so many agreeing labels are for a source that agrees as often as audits do.

    Of each stratum (the last axis of all four arrays): agreeing labels and labels of the source, right answers and
    audits. 1 where nothing can be told.
    """
    both, hits = n + m, right + known
    expected = n * hits / both
    variance = np.where(both > 1, n * m * hits * (both - hits) / (both**2 * np.maximum(both - 1, 1)), 0.0).sum(-1)
    above = (right - expected).sum(-1) - 0.5
    scores = np.where(variance > 0, above / np.sqrt(np.where(variance > 0, variance, 1.0)), -np.inf)
    normal = NormalDist()
    found: Doubles = np.vectorize(lambda score: normal.cdf(-score), otypes=[np.float64])(scores)
    return found


def _columns(agreements: Agreements, strata: Sequence[Stratum]) -> tuple[Doubles, Doubles]:
    values = np.array([agreements.strata[one] for one in strata], dtype=np.float64)
    return values[:, 0], values[:, 1]

"""How unlike those before a change a text is: what people are asked about where a language drifts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from dragoman.data.duplicates.grams import grams_of
from dragoman.data.duplicates.normal_form import normalize_texts
from dragoman.feedback.review.candidate import Candidate

__all__ = ["Change", "novel_first"]


class Change(NamedTuple):
    """A language has drifted."""

    since: datetime  # with a zone; as far as counts tell
    earlier: Sequence[str] = ()  # texts from before then


def novel_first(candidates: Sequence[Candidate], change: Change) -> list[Candidate]:
    """Those since the change, the least like texts from before it first, and of equals the most doubtful.

    A text is as novel as the share of its character n-grams that no earlier text has. Without texts all are equal.
    """
    since = [one for one in candidates if datetime.fromisoformat(one.row.time) >= change.since]
    novelty = dict(zip((one.id for one in since), _novelties([one.text for one in since], change.earlier), strict=True))
    return sorted(since, key=lambda one: (-novelty[one.id], -one.uncertainty))


def _novelties(texts: Sequence[str], earlier: Sequence[str]) -> list[float]:
    if not earlier:
        return [0.0] * len(texts)
    known = np.unique(grams_of(normalize_texts(earlier)).keys)
    grams = grams_of(normalize_texts(texts))
    is_new = ~np.isin(grams.keys, known)
    ends = grams.starts.tolist()
    return [float(is_new[start:stop].mean()) if stop > start else 0.0 for start, stop in pairwise(ends)]

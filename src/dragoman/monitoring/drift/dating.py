"""When a share has changed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Onset", "find_onset"]

UNSURE = 3.0  # log-likelihood below the best at which a bucket may still be the first one: about 95%

Doubles = NDArray[np.float64]


class Onset(NamedTuple):
    """The first bucket after the change, and the first and the last that may be."""

    bucket: int
    earliest: int
    latest: int
    log_likelihood_ratio: float  # of "changed there" against "never"


def find_onset(hits: Doubles, texts: Doubles, before_hits: float, before_texts: float) -> Onset:
    """The most likely change of a share, from `hits` of `texts` per bucket and from what was counted before them.

    The texts before are those of the reference: the share changes once, from theirs to another (Hinkley 1970). There
    must be a bucket.
    """
    after_hits, after_texts = np.cumsum(hits[::-1])[::-1], np.cumsum(texts[::-1])[::-1]
    whole_hits, whole_texts = before_hits + after_hits[0], before_texts + after_texts[0]
    likely = _likelihood(after_hits, after_texts) + _likelihood(whole_hits - after_hits, whole_texts - after_texts)
    best = int(likely.argmax())
    close = np.flatnonzero(likely >= likely[best] - UNSURE)
    never = float(_likelihood(np.array(whole_hits), np.array(whole_texts)))
    return Onset(best, int(close[0]), int(close[-1]), float(likely[best]) - never)


def _likelihood(hits: Doubles, texts: Doubles) -> Doubles:
    """The greatest log-likelihood of so many hits."""
    with np.errstate(divide="ignore", invalid="ignore"):
        yes = np.where(hits > 0, hits * np.log(hits / texts), 0.0)
        no = np.where(texts > hits, (texts - hits) * np.log1p(-hits / texts), 0.0)
    return np.asarray(yes + no)

"""The state of simulated releases: those that go on, and how the others ended."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.release.betting import BETS
from dragoman.release.metrics import METRICS
from dragoman.release.simulated_plan import Plan
from dragoman.release.watch import NOTHING
from dragoman.release.world import label_chances

__all__ = ["PROMOTED", "ROLLED_BACK", "UNDECIDED", "Live", "Outcomes", "first_live", "first_outcomes"]

UNDECIDED, PROMOTED, ROLLED_BACK = range(3)

Bools = NDArray[np.bool_]
Counts = NDArray[np.int64]
Doubles = NDArray[np.float64]


class Outcomes(NamedTuple):
    """How releases `[releases]` ended, and the requests of each language `[releases, languages]` until then."""

    ending: Counts
    hours: Doubles
    named: Bools  # a failed finding is of a regressed language
    paired: Counts  # requests that both versions answered
    exposed: Counts  # requests that the challenger answered to users
    limits: Doubles  # of agreement


class Live(NamedTuple):
    """The releases that go on, one per row."""

    number: Counts
    step: Counts
    since: Counts  # block in which the step began
    answered: Counts  # requests of users at this step
    paired: Counts
    exposed: Counts
    labels: Doubles  # how probable each pair of labels is
    late: Counts  # [releases, blocks of delay, languages, 3]: truths that are still to come
    safe: Doubles  # [releases, required metrics, languages, bets]: logarithm of wealth
    shared: Doubles  # the same with bets that languages share
    harm: Doubles  # [releases, metrics, languages + 1, bets]
    starts: Doubles  # the later ones, as in `Watch`

    def where(self, mask: Bools) -> Live:
        """The releases of a mask, in new arrays."""
        return Live._make(value[mask] for value in self)


def first_live(plan: Plan, releases: int, limits: Doubles) -> Live:
    """Releases that begin. `limits` `[releases, languages]` are those of agreement."""
    languages, required = len(plan.languages), len(plan.required)

    def zeros(*shape: int) -> Counts:
        return np.zeros((releases, *shape), dtype=np.int64)

    return Live(
        number=np.arange(releases),
        step=zeros(),
        since=zeros(),
        answered=zeros(),
        paired=zeros(languages),
        exposed=zeros(languages),
        labels=label_chances(plan.world, plan.spec, plan.drops, limits),
        late=zeros(plan.delay, languages, 3),
        safe=np.zeros((releases, required, languages, BETS)),
        shared=np.zeros((releases, required, languages, BETS)),
        harm=np.zeros((releases, len(METRICS), languages + 1, BETS)),
        starts=np.full((releases, len(METRICS), languages + 1, BETS), NOTHING),
    )


def first_outcomes(plan: Plan, releases: int, limits: Doubles) -> Outcomes:
    """Places for how releases will end."""
    requests = np.zeros((2, releases, len(plan.languages)), dtype=np.int64)
    endings, named = np.zeros(releases, dtype=np.int64), np.zeros(releases, dtype=bool)
    return Outcomes(endings, np.zeros(releases), named, requests[0], requests[1], limits)

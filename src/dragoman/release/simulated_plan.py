"""What all releases of a simulation share: the plan, the traffic, and what each value multiplies wealth by."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.records import Baseline
from dragoman.release.betting import bets, log_factors
from dragoman.release.families import group_of
from dragoman.release.judge import plan_steps
from dragoman.release.limits import Limits, agreement_limits, evidence_alpha, margin_of
from dragoman.release.metrics import METRICS, metric_named
from dragoman.release.multiplicity import cell_weights
from dragoman.release.tally import BINS, HARMS
from dragoman.release.watch import first_shares
from dragoman.release.world import World, chances, disagreement, latency_chances
from dragoman.spec import ReleaseSpec

__all__ = ["AGREEMENT_PLACES", "MINUTES", "QUALITY_PLACES", "Odds", "Plan", "odds_of"]

MINUTES = 60  # of a block, or those of a step if they are fewer
BLOCK = 16  # champion answers that one of the challenger is held against, at most
AGREEMENT_PLACES = np.array([BINS - 1, BINS // 2])  # different labels, the same label
QUALITY_PLACES = np.array([BINS - 1, 0, BINS // 2])  # the champion alone is right, the challenger alone, neither

Doubles = NDArray[np.float64]


class Odds(NamedTuple):
    """Logarithms `[..., values, bets]` of what a value multiplies wealth by.

    `rise` is `harm` without what lowers it; the `shared` ones are for bets that all languages share.
    """

    harm: Doubles
    rise: Doubles
    safe: Doubles
    shared_harm: Doubles
    shared_rise: Doubles
    shared_safe: Doubles


class Plan:
    """A spec, a world and languages as arrays. `drops` `[languages]` are what regressed, in accuracy."""

    def __init__(
        self, spec: ReleaseSpec, world: World, languages: Sequence[str], *, shares: Doubles, drops: Doubles
    ) -> None:
        self.spec, self.world, self.languages, self.drops = spec, world, list(languages), drops
        self.percents = plan_steps(spec)
        self.minutes = max(1, round(min(MINUTES, spec.step_minutes or MINUTES)))
        self.blocks = math.ceil(spec.max_hours * 60 / self.minutes)
        self.hours = max(1, math.ceil(spec.max_hours))
        self.delay = max(1, round(world.label_hours * 60 / self.minutes))  # in blocks
        self.rates = world.requests_per_day * shares * self.minutes / (24 * 60)
        self.alpha = evidence_alpha(spec)
        self.weights = cell_weights(len(languages)).ravel()
        self.first = first_shares(len(languages))
        self.required = [place for place, metric in enumerate(METRICS) if metric.name in spec.required]
        self.regressed = np.flatnonzero(drops > 0)
        self.chances = chances(world, spec, drops)
        self.latency = [latency_chances(world, spec, _block(percent)) for percent in self.percents]
        self.places = self._places()
        self.odds = {name: self._odds(name) for name in self.places if name != "agreement"}
        self.kin = self._kin()

    def draw_limits(self, releases: int, rng: np.random.Generator) -> Limits:
        """Limits of agreement `[releases, languages + 1]`, each release with its own evaluation."""
        texts = self.world.evaluation_texts
        share = disagreement(self.world, np.zeros_like(self.drops))
        different = rng.binomial(texts, share, size=(releases, len(share)))
        drawn = [self._limits(texts, row) for row in different.tolist()]
        return Limits(*(np.array(rows) for rows in zip(*drawn, strict=True)))

    def _limits(self, texts: int, different: Sequence[int]) -> Limits:
        counted = zip(self.languages, different, strict=True)
        baselines: Mapping[str, Baseline] = {
            name: Baseline(texts=texts, disagreements=count) for name, count in counted
        }
        return agreement_limits(self.spec, baselines, [*self.languages, ""])

    def _places(self) -> dict[str, NDArray[np.intp]]:
        drawn = {name: one.places for name, one in self.chances.items()}
        every = np.arange(BINS)
        return {"agreement": AGREEMENT_PLACES, "quality": QUALITY_PLACES, "latency": every, **drawn}

    def _odds(self, metric: str) -> Odds:
        margin = np.array([margin_of(self.spec, metric)])
        one = odds_of(Limits(margin, margin), metric_named(metric).least, self.places[metric])
        return Odds(*(table[0] for table in one))

    def _kin(self) -> NDArray[np.bool_]:
        """Which languages `[language, other]` a thin language is judged with; none where the spec does not pool."""
        groups = [group_of(name, self.languages) if self.spec.thin == "pool" else None for name in self.languages]
        return np.array(
            [[group is not None and other in group.languages for other in self.languages] for group in groups]
        )


def odds_of(limits: Limits, least: float, places: NDArray[np.intp]) -> Odds:
    """Odds for limits `[..., languages]`; bets that languages share are those that ruin a player in none of them."""
    harm = log_factors(limits.fail, least, places=places)
    stakes = bets(limits.fail.max(axis=-1, keepdims=True), least)
    shared = log_factors(limits.fail, least, places=places, stakes=stakes)
    mirrored = len(HARMS) - 1 - places
    stakes = bets(-limits.safe.min(axis=-1, keepdims=True), -1.0)
    return Odds(
        harm=harm,
        rise=np.maximum(harm, 0.0),
        safe=log_factors(-limits.safe, -1.0, places=mirrored),
        shared_harm=shared,
        shared_rise=np.maximum(shared, 0.0),
        shared_safe=log_factors(-limits.safe, -1.0, places=mirrored, stakes=stakes),
    )


def _block(percent: float) -> int:
    """How many answers of the champion there are for one of the challenger's."""
    return int(np.clip((100 - percent) / max(percent, 1e-9), 1, BLOCK))

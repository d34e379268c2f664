"""The world of a simulated release: how often requests come, and what the two versions make of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.release.limits import margin_of
from dragoman.release.metrics import METRICS
from dragoman.release.tally import HARMS
from dragoman.spec import ReleaseSpec

__all__ = [
    "LANGUAGES",
    "Burst",
    "Chances",
    "World",
    "chances",
    "disagreement",
    "label_chances",
    "latency_chances",
    "rate_at",
    "shares_of",
    "zipf_shares",
]

# By rank of an ordinary service; the least used of 40 has 0.6% of the traffic.
RANKED = "en es pt fr de ru ja zh ar it tr pl nl id ko vi th hi fa cs sv uk ro hu el da fi he no bg sk hr ca lt sr sl "
LANGUAGES = tuple((RANKED + "et lv bn ta").split())
BOTH_ABSTAIN = 2 / 3  # of the champion's abstentions
OFFSET = 0.15  # by how much confidence falls where an answer became wrong
ONLY_ONE_RIGHT = 0.4  # of the disagreements: the champion alone is right, and as many times the challenger alone

Doubles = NDArray[np.float64]


class Burst(NamedTuple):
    """The challenger fails in all languages for some time, as when something that it needs is down."""

    hour: float
    hours: float
    errors: float  # share of its requests


class World(NamedTuple):
    """What synthetic traffic is like. A challenger is healthy unless something here or a regression says otherwise."""

    requests_per_day: float = 200_000.0
    accuracy: float = 0.9  # of the champion
    disagreement: float = 0.05  # share of requests with different labels
    evaluation_texts: int = 1_000  # per language, drawn anew for each release
    label_share: float = 0.05  # share of requests whose truth becomes known
    label_hours: int = 6  # until then
    errors: float = 0.001
    slow: float = 0.05  # share above the champion's 95th percentile
    abstention: float = 0.03
    spread: float = 0.08  # standard deviation of the difference between two best scores
    cycle: float = 0.0  # by which share traffic rises and falls in a day
    shock: float = 0.0  # by which share the rare harms of all languages rise or fall together from hour to hour
    at_limit: bool = False  # every harm of the challenger is exactly at its limit, in every language
    burst: Burst | None = None


class Chances(NamedTuple):
    """Values of a harm and how probable each is: `places` `[values]` are bins, `shares` `[languages, values]`.

    The last value is that of no harm. A shock makes harms that are rare more or less frequent.
    """

    places: NDArray[np.intp]
    shares: Doubles
    is_rare: bool = True


def zipf_shares(languages: int) -> Doubles:
    """Shares of the traffic `[languages]` by rank (Zipf 1949)."""
    ranks = 1.0 / np.arange(1, languages + 1)
    return np.asarray(ranks / ranks.sum())


def disagreement(world: World, drops: Doubles) -> Doubles:
    """Share of requests `[languages]` with different labels, where `drops` of accuracy came to a healthy challenger."""
    both_right = world.accuracy - ONLY_ONE_RIGHT * world.disagreement
    return np.asarray(world.disagreement + drops * both_right / world.accuracy)


def label_chances(world: World, spec: ReleaseSpec, drops: Doubles, limits: Doubles) -> Doubles:
    """How probable each pair of labels is, `[releases, languages, 4]`.

    The pairs: different, and only the champion right; only the challenger right; both wrong; the same label. `limits`
    `[releases, languages]` are those of agreement.
    """
    turned = drops / world.accuracy
    one_right = ONLY_ONE_RIGHT * world.disagreement
    champion = one_right + turned * (world.accuracy - one_right)
    challenger = one_right * (1.0 - turned)
    different = disagreement(world, drops)
    if world.at_limit:
        half = margin_of(spec, "quality") / 2
        champion, challenger, different = ONLY_ONE_RIGHT * limits + half, ONLY_ONE_RIGHT * limits - half, limits
    shares = np.stack([champion, challenger, different - champion - challenger, 1.0 - different], axis=-1)
    return np.broadcast_to(shares, (*limits.shape, 4))


def chances(world: World, spec: ReleaseSpec, drops: Doubles) -> dict[str, Chances]:
    """How the harms of errors, confidence and abstention fall."""
    margins = {metric.name: margin_of(spec, metric.name) * world.at_limit for metric in METRICS}
    one_abstains = world.abstention * (1 - BOTH_ABSTAIN)
    return {
        "errors": _difference(world.errors + margins["errors"], world.errors, len(drops)),
        "abstention": _difference(one_abstains + margins["abstention"], one_abstains, len(drops)),
        "confidence": _confidence(world.spread, OFFSET * drops + margins["confidence"]),
    }


def latency_chances(world: World, spec: ReleaseSpec, block: int) -> Chances:
    """How the harm of latency falls where an answer is held against `block` answers of the champion."""
    slow = world.slow + margin_of(spec, "latency") * world.at_limit
    hits = np.arange(block + 1)
    ways = np.array([math.comb(block, hit) for hit in hits])
    usual = ways * world.slow**hits * (1 - world.slow) ** (block - hits)
    shares = np.zeros(len(HARMS))
    for own, share in ((1.0, slow), (0.0, 1.0 - slow)):
        _spread(own - hits / block, usual * share, shares)
    return _filled(shares[None])


def _difference(worse: float, better: float, languages: int) -> Chances:
    """The harm is 1 with probability `worse`, -1 with `better`, else 0."""
    shares = np.array([worse, better, 1.0 - worse - better])
    return Chances(np.array([len(HARMS) - 1, 0, len(HARMS) // 2]), np.tile(shares, (languages, 1)))


def _confidence(spread: float, means: Doubles) -> Chances:
    """A bell around `means` `[languages]`."""
    bell = np.exp(-0.5 * (HARMS / spread) ** 2)
    bell = np.where(np.abs(HARMS) <= 4 * spread, bell, 0.0) / bell[np.abs(HARMS) <= 4 * spread].sum()
    shares = np.zeros((len(means), len(HARMS)))
    for row, mean in zip(shares, means, strict=True):
        _spread(np.clip(HARMS + mean, -1.0, 1.0), bell, row)
    return _filled(shares)._replace(is_rare=False)


def _spread(values: Doubles, weights: Doubles, shares: Doubles) -> None:
    """Add weights at values to the bins on either side, as `Tally.add` does by chance."""
    place = np.round((values + 1.0) * (len(HARMS) // 2), 9)
    lower = np.minimum(place.astype(int), len(HARMS) - 2)
    np.add.at(shares, lower, weights * (1.0 - (place - lower)))
    np.add.at(shares, lower + 1, weights * (place - lower))


def _filled(shares: Doubles) -> Chances:
    """Only bins that can be filled."""
    places = np.flatnonzero(shares.any(axis=0))
    zero = len(HARMS) // 2
    ordered = np.append(places[places != zero], zero)
    return Chances(ordered, shares[:, ordered] / shares[:, ordered].sum(axis=1, keepdims=True))


def rate_at(world: World, hour: float) -> float:
    """Traffic at an hour, relative to the mean of the day."""
    return 1.0 + world.cycle * math.sin(2 * math.pi * hour / 24)


def shares_of(languages: Sequence[str], fixed: dict[str, float]) -> Doubles:
    """Zipf shares, but for languages whose share is given; the others keep their proportions."""
    shares = zipf_shares(len(languages))
    given = np.array([fixed.get(name, np.nan) for name in languages])
    rest = np.isnan(given)
    return np.where(rest, shares * (1.0 - np.nansum(given)) / shares[rest].sum(), given)

"""The requests of a simulated hour, as counts of harms."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.release.simulated_plan import Plan
from dragoman.release.tally import BINS
from dragoman.release.world import Chances, rate_at

__all__ = ["Requests", "draw_requests"]

CALM = np.ones((1, 1, 1))  # no shock

Counts = NDArray[np.int64]
Doubles = NDArray[np.float64]


class Requests(NamedTuple):
    """What came: `counts` of each metric `[releases, languages, values]`, the others `[releases, languages]`."""

    counts: dict[str, Counts]
    paired: Counts  # answered by both versions
    answered: Counts  # by the challenger, to users


def draw_requests(
    plan: Plan, labels: Doubles, late: Counts, step: Counts, *, block: int, rng: np.random.Generator
) -> Requests:
    """The requests of one block for releases at their steps; `late` is where truths wait, and is changed."""
    hour = block * plan.minutes / 60
    percents = np.array(plan.percents)[step]
    total = rng.poisson(plan.rates * rate_at(plan.world, hour), size=(len(step), len(plan.rates)))
    answered = rng.binomial(total, percents[:, None] / 100)
    paired = rng.binomial(total, plan.spec.mirror)
    shock = 1.0 + plan.world.shock * rng.choice([-1.0, 1.0], size=(len(step), 1, 1))
    pairs = rng.multinomial(paired, _shaken(labels, shock))
    counts = {name: _drawn(one, paired, shock if one.is_rare else CALM, rng) for name, one in plan.chances.items()}
    counts["errors"] += _burst(plan, counts["errors"], hour, rng)
    counts["agreement"] = np.stack([pairs[..., :3].sum(axis=-1), pairs[..., 3]], axis=-1)
    counts["quality"] = _come_late(plan, pairs, late, block, rng)
    counts["latency"] = _latency(plan, step, np.minimum(answered, total - answered), shock, rng)
    return Requests(counts, paired, answered)


def _shaken(shares: Doubles, shock: Doubles) -> Doubles:
    """Every harm more or less probable by the same share; the last value is that of no harm."""
    some = shares[..., :-1] * shock
    return np.concatenate([some, 1.0 - some.sum(axis=-1, keepdims=True)], axis=-1)


def _drawn(chances: Chances, requests: Counts, shock: Doubles, rng: np.random.Generator) -> Counts:
    return rng.multinomial(requests, _shaken(chances.shares, shock))


def _burst(plan: Plan, errors: Counts, hour: float, rng: np.random.Generator) -> Counts:
    """What turns requests without harm into failures of the challenger while a burst lasts."""
    moved = np.zeros_like(errors)
    burst = plan.world.burst
    if burst and burst.hour <= hour < burst.hour + burst.hours:
        failed = rng.binomial(errors[..., -1], burst.errors)
        moved[..., 0], moved[..., -1] = failed, -failed
    return moved


def _come_late(plan: Plan, pairs: Counts, late: Counts, block: int, rng: np.random.Generator) -> Counts:
    """The truths that come in this block, of requests `delay` blocks ago; those of this block's requests wait."""
    place = block % plan.delay
    arrived = late[:, place].copy()
    known = rng.binomial(pairs, plan.world.label_share)
    late[:, place] = np.stack([known[..., 0], known[..., 1], known[..., 2] + known[..., 3]], axis=-1)
    return arrived


def _latency(plan: Plan, step: Counts, matched: Counts, shock: Doubles, rng: np.random.Generator) -> Counts:
    """Harms of latency `[releases, languages, 41]` of answers that are matched with fresh ones of the champion."""
    counts = np.zeros((*matched.shape, BINS), dtype=np.int64)
    for here in set(step.tolist()):
        rows, chances = np.flatnonzero(step == here), plan.latency[here]
        drawn = _drawn(chances, matched[rows], shock[rows], rng)
        counts[rows[:, None], :, chances.places[None]] = np.moveaxis(drawn, -1, 1)
    return counts

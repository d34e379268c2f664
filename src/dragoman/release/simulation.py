"""What a plan does when it is played many times: false rollbacks, detection, exposure."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from statistics import NormalDist

import msgspec
import numpy as np
from numpy.typing import NDArray

from dragoman.errors import InvalidInput
from dragoman.records import Interval, Simulation
from dragoman.release.live import PROMOTED, ROLLED_BACK, UNDECIDED, Outcomes
from dragoman.release.play import play
from dragoman.release.simulated_plan import Plan
from dragoman.release.world import LANGUAGES, World, disagreement, shares_of
from dragoman.spec import ReleaseSpec
from dragoman.training.evaluation import wilson_interval

__all__ = ["oracle_requests", "simulate"]

BATCH = 25  # releases side by side: what they need fits a processor's cache
DAY = 24.0
MOST_POWER = 0.99  # asked of the oracle

Doubles = NDArray[np.float64]


def simulate(
    spec: ReleaseSpec,
    *,
    releases: int = 1_000,
    languages: Sequence[str] = LANGUAGES,
    shares: Mapping[str, float] | None = None,
    regress: Mapping[str, float] | None = None,
    world: World | None = None,
    seed: int = 0,
) -> Simulation:
    """Play the spec's plan `releases` times against synthetic traffic, watched every minute.

    `shares` are the shares of the traffic of some languages; the others share the rest by Zipf's law, in their order.
    `regress` says by how much the challenger's accuracy is lower in some languages. The same seed gives the same
    result. Raises `InvalidInput` for what cannot be.
    """
    began = time.perf_counter()
    if releases < 1 or not (languages or shares):
        raise InvalidInput(f"{releases} releases cannot be played.", help="Give at least one, and a language.")
    plan = _plan(spec, languages, shares or {}, regress or {}, world or World())
    chance = np.random.default_rng(seed)
    sizes = [min(BATCH, releases - first) for first in range(0, releases, BATCH)]
    outcomes = [play(plan, size, rng) for size, rng in zip(sizes, chance.spawn(len(sizes)), strict=True)]
    every = Outcomes(*(np.concatenate(parts) for parts in zip(*outcomes, strict=True)))
    return _summary(plan, every, regress or {}, seed, time.perf_counter() - began)


def _plan(
    spec: ReleaseSpec, languages: Sequence[str], shares: Mapping[str, float], regress: Mapping[str, float], world: World
) -> Plan:
    names = list(dict.fromkeys([*languages, *shares, *regress]))
    if not 0 <= sum(shares.values()) < 1 or min(shares.values(), default=0.5) <= 0:
        raise InvalidInput(f"Shares of traffic are {dict(shares)}.", help="Each is above 0, and their sum is below 1.")
    if wrong := [drop for drop in regress.values() if not 0 < drop <= world.accuracy]:
        raise InvalidInput(
            f"A drop of accuracy is {wrong[0]}.", help=f"Drops are above 0 and at most {world.accuracy}."
        )
    drops = np.array([regress.get(name, 0.0) for name in names])
    return Plan(spec, world, names, shares=shares_of(names, dict(shares)), drops=drops)


def _summary(plan: Plan, every: Outcomes, regress: Mapping[str, float], seed: int, seconds: float) -> Simulation:
    fell = every.ending == ROLLED_BACK
    simple = Simulation(
        releases=len(fell),
        seed=seed,
        alpha=plan.spec.alpha,
        languages=len(plan.languages),
        regress=dict(regress),
        rollback_rate=_rate(fell),
        rollback_rate_first_day=_rate(fell & (every.hours <= DAY)),
        named_rate=_rate(fell & every.named),
        promoted_rate=_rate(every.ending == PROMOTED),
        undecided_rate=_rate(every.ending == UNDECIDED),
        median_hours=float(np.median(every.hours)),
        seconds=seconds,
    )
    return _with_detection(simple, plan, every, fell) if plan.regressed.size and fell.any() else simple


def _rate(mask: NDArray[np.bool_]) -> Interval:
    return wilson_interval(int(mask.sum()), len(mask))


def _with_detection(simple: Simulation, plan: Plan, every: Outcomes, fell: NDArray[np.bool_]) -> Simulation:
    """The same with what is known of the first regressed language, over the releases that were rolled back."""
    place = int(plan.regressed[0])
    detection = float(np.median(every.paired[fell, place]))
    exposed = float(np.median(every.exposed[fell, place]))
    oracle, power = _oracle(plan, every.limits[:, place], simple.rollback_rate.low)
    known = math.isfinite(oracle)
    return msgspec.structs.replace(
        simple,
        median_detection_requests=detection,
        median_detection_hours=float(np.median(every.hours[fell])),
        median_exposed_requests=exposed,
        median_exposed_total=float(np.median(every.exposed[fell].sum(axis=1))),
        oracle_requests=oracle if known else None,
        oracle_power=power,
        detection_ratio=detection / oracle if known else None,
        exposure_ratio=exposed / oracle if known else None,
    )


def _oracle(plan: Plan, limits: Doubles, reached: float) -> tuple[float, float]:
    """Median over the releases of what a test of agreement needs that knows the language and looks once."""
    power = min(max(reached, 0.5), MOST_POWER)
    share = float(disagreement(plan.world, plan.drops)[plan.regressed[0]])
    needs = [oracle_requests(limit, share, alpha=plan.spec.alpha, power=power) for limit in limits.tolist()]
    return float(np.median(needs)), power


def oracle_requests(limit: float, share: float, *, alpha: float, power: float) -> float:
    """Requests that a one-sided test of "the share is at most the limit" needs, looked at once, where it is `share`.

    The textbook formula for one proportion (Fleiss 1981). Infinite where the share is not above the limit.
    """
    if share <= limit:
        return math.inf
    normal = NormalDist()
    size, reach = normal.inv_cdf(1 - alpha), normal.inv_cdf(power)
    noise = size * math.sqrt(limit * (1 - limit)) + reach * math.sqrt(share * (1 - share))
    return (noise / (share - limit)) ** 2

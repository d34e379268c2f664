"""How often does a release plan roll back what is healthy, and how soon does it find what is not?

    python bench/release_simulation.py [RELEASES] [NAME...]

Plays the default plan 1,000 times in each scenario, or those whose name starts with NAME, and prints two tables of
Markdown: what happened to the releases, and how soon a regression was found.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from dragoman.records import Interval, Simulation
from dragoman.release.simulation import simulate
from dragoman.release.world import Burst, World
from dragoman.spec import ReleaseSpec

TWO_PERCENT = {"th": 0.02}


class Scenario(NamedTuple):
    """A world, a plan, and what regressed."""

    name: str
    world: World = World()
    spec: ReleaseSpec = ReleaseSpec()
    shares: Mapping[str, float] = MappingProxyType({})
    regress: Mapping[str, float] = MappingProxyType({})


def drop(name: str, points: float, **options: object) -> Scenario:
    """A drop in one language with 2% of the traffic."""
    return Scenario(name, **{"shares": TWO_PERCENT, **options}, regress={"th": points / 100})  # type: ignore[arg-type]


SCENARIOS = [
    Scenario("healthy"),
    Scenario("healthy, 100 evaluation texts", World(evaluation_texts=100)),
    Scenario("healthy, traffic with days and nights", World(cycle=0.8)),
    Scenario("healthy, shocks to all languages", World(shock=0.3)),
    Scenario("healthy, without shadow", spec=ReleaseSpec(shadow=False)),
    Scenario("healthy, 50,000 requests a day, wait", World(requests_per_day=50_000)),
    Scenario(
        "healthy, 50,000 requests a day, pool",
        World(requests_per_day=50_000),
        ReleaseSpec(thin="pool"),
    ),
    Scenario("every harm at its limit", World(at_limit=True)),
    Scenario("3 hours of 5% errors after 2 days", World(burst=Burst(hour=48, hours=3, errors=0.05))),
    drop("drop of 2 points", 2),
    drop("drop of 5 points", 5),
    drop("drop of 5 points, no labels", 5, world=World(label_share=0)),
    drop("drop of 5 points, 100 evaluation texts", 5, world=World(evaluation_texts=100)),
    drop("drop of 5 points, 300 evaluation texts", 5, world=World(evaluation_texts=300)),
    drop("drop of 5 points, 5,000 evaluation texts", 5, world=World(evaluation_texts=5_000)),
    drop("drop of 5 points, without shadow", 5, spec=ReleaseSpec(shadow=False)),
    drop("drop of 5 points, a tenth mirrored", 5, spec=ReleaseSpec(mirror=0.1)),
    drop("drop of 5 points in 0.5% of the traffic", 5, shares={"th": 0.005}),
    drop("drop of 5 points in 20% of the traffic", 5, shares={"th": 0.2}),
    drop("drop of 10 points", 10),
    drop("drop of 50 points", 50),
]


def main(arguments: list[str]) -> None:
    releases = int(arguments[0]) if arguments else 1_000
    wanted = tuple(arguments[1:]) or ("",)
    done = [(one.name, play(one, releases)) for one in SCENARIOS if one.name.startswith(wanted)]
    print(f"\n{releases:,} releases of each.\n")
    print("| scenario | rolled back | in the first day | promoted | undecided | median hours | seconds |")
    print("|---|---|---|---|---|---|---|")
    for name, result in done:
        print(endings(name, result))
    print(
        "\n| scenario | caught, naming it | requests until then | oracle | ratio | hours | exposed | exposed of all |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name, result in done:
        if result.median_detection_requests is not None:
            print(detection(name, result))


def play(scenario: Scenario, releases: int) -> Simulation:
    print(f"{scenario.name} …", file=sys.stderr, flush=True)
    world, shares, regress = scenario.world, scenario.shares, scenario.regress
    return simulate(scenario.spec, releases=releases, world=world, shares=shares, regress=regress, seed=1)


def endings(name: str, result: Simulation) -> str:
    rates = (result.rollback_rate, result.rollback_rate_first_day, result.promoted_rate, result.undecided_rate)
    shown = " | ".join(percent(rate) for rate in rates)
    return f"| {name} | {shown} | {result.median_hours:.1f} | {result.seconds:.0f} |"


def percent(rate: Interval) -> str:
    return f"{rate.value:.1%} ({rate.low:.1%} to {rate.high:.1%})"


def detection(name: str, result: Simulation) -> str:
    numbers = (
        f"{result.median_detection_requests:,.0f}",
        f"{result.oracle_requests:,.0f}" if result.oracle_requests else "none",
        f"{result.detection_ratio:.2f}" if result.detection_ratio else "",
        f"{result.median_detection_hours:.1f}",
        f"{result.median_exposed_requests:,.0f}",
        f"{result.median_exposed_total:,.0f}",
    )
    return f"| {name} | {percent(result.named_rate)} | {' | '.join(numbers)} |"


if __name__ == "__main__":
    main(sys.argv[1:])

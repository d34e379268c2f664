"""How far live quality can be trusted: coverage and width of its intervals, delays, and what is seen before labels.

usage: python bench/live_quality.py [--trials N]

Prints the tables of docs/live-quality.md. Everything is simulated with fixed seeds; nothing is timed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.feedback.delays import Followed, delay_curve
from dragoman.feedback.expected import expected_accuracy
from dragoman.feedback.powered import Proxy, Sample, powered_accuracy, sampled_accuracy
from dragoman.training.evaluation import wilson_interval

Doubles = NDArray[np.float64]
ANSWERS = 10_000
ACCURACIES = (0.6, 0.8, 0.9, 0.97, 0.995)
SHOWN = 0.9  # the accuracy whose widths are shown
NUMBERS = (10, 20, 50, 200)
SPREAD = 3.0  # of the probability of being right: the smaller, the more the scores know


class World(NamedTuple):
    """How scores and the sample are made."""

    name: str
    power: float = 1.0  # scores are the probability of being right to this power; below 1: overconfident
    is_useless: bool = False  # scores know nothing
    doubtful: float = 1.0  # times as likely to be drawn below a score of 0.8


WORLDS = (
    World("calibrated scores"),
    World("overconfident scores", power=0.4),
    World("useless scores", is_useless=True),
    World("doubtful answers drawn 4 times as often", power=0.7, doubtful=4.0),
)


class Held(NamedTuple):
    """How often an interval held the accuracy, its mean width, and the same of others."""

    powered: float
    width: float
    alone: float
    alone_width: float
    wilson: float


def measured(world: World, accuracy: float, n: int, trials: int) -> Held:
    chance = np.random.default_rng(11)
    rows = [row for _ in range(trials) if (row := _trial(world, accuracy, n, chance))]
    return Held(*np.mean(rows, axis=0).tolist())


def _trial(world: World, accuracy: float, n: int, chance: np.random.Generator) -> tuple[float, ...] | None:
    sure = chance.beta(accuracy * SPREAD, (1 - accuracy) * SPREAD, ANSWERS)
    right = (chance.random(ANSWERS) < sure).astype(np.float64)
    scores = chance.random(ANSWERS) if world.is_useless else sure**world.power
    weight = np.where(scores < 0.8, world.doubtful, 1.0)
    inclusion = np.minimum(n * weight / weight.sum(), 1.0)
    chosen = chance.random(ANSWERS) < inclusion
    sample = Sample(right[chosen], scores[chosen], inclusion[chosen])
    proxy = Proxy(ANSWERS, float(scores.mean()), float(scores.var()))
    found, alone = powered_accuracy(sample, proxy), sampled_accuracy(sample)
    if found is None or alone is None:
        return None
    wilson = wilson_interval(int(sample.right.sum()), len(sample.right))
    truth = right.mean()
    holds = [one.low <= truth <= one.high for one in (found, alone, wilson)]
    return holds[0], found.high - found.low, holds[1], alone.high - alone.low, holds[2]


def coverage_rows(trials: int) -> Iterator[str]:
    """Of each world and number of labels: the lowest coverage over all accuracies, and widths at one of them."""
    yield "| scores and sample | labels | held | width at 0.9 | sample alone held | width at 0.9 | Wilson held |"
    yield "|---|---|---|---|---|---|---|"
    for world in WORLDS:
        for n in NUMBERS:
            found = {accuracy: measured(world, accuracy, n, trials) for accuracy in ACCURACIES}
            powered, alone, wilson = (
                min(one[place] for one in found.values())
                for place in map(Held._fields.index, ("powered", "alone", "wilson"))
            )
            shown = found[SHOWN]
            yield (
                f"| {world.name} | {n} | {powered:.3f} | {shown.width:.3f} | {alone:.3f} | {shown.alone_width:.3f} | "
                f"{wilson:.3f} |"
            )


def delay_rows() -> Iterator[str]:
    """60 % of predictions get a label, after 4 days on average; predictions of the last 30 days."""
    chance = np.random.default_rng(12)
    n = 20_000
    delays, comes = chance.exponential(4.0, n), chance.random(n) < 0.6
    followed = chance.uniform(0, 30, n)
    told = comes & (delays < followed)
    steps = [np.floor(one * 144).astype(int) for one in (followed, delays[told], followed[told])]
    counts = [np.bincount(one, minlength=30 * 144) for one in steps]
    curve = delay_curve("form", Followed(*counts))
    yield "| day | truth | curve | plain share of all predictions |"
    yield "|---|---|---|---|"
    for day, share in zip(curve.days, curve.arrived, strict=True):
        if day >= 1:
            plain = float((told & (delays <= day)).mean())
            yield f"| {day:g} | {0.6 * (1 - np.exp(-day / 4)):.3f} | {share:.3f} | {plain:.3f} |"


def expected_rows(trials: int) -> Iterator[str]:
    yield "| world | true accuracy | expected | interval held |"
    yield "|---|---|---|---|"
    for name, shape, wrong in (
        ("as on held-out rows", (9, 1), 0.0),
        ("harder texts come, scores know it", (6, 4), 0.0),
        ("5 % of texts mean something new (concept drift)", (9, 1), 0.05),
        ("20 % of texts mean something new (concept drift)", (9, 1), 0.2),
    ):
        chance = np.random.default_rng(13)
        truths, means, held = [], [], []
        for _ in range(trials):
            scores = chance.beta(*shape, ANSWERS)
            right = (chance.random(ANSWERS) < scores) & (chance.random(ANSWERS) >= wrong)
            found = expected_accuracy(Proxy(ANSWERS, float(scores.mean()), float(scores.var())))
            assert found is not None
            truths.append(right.mean())
            means.append(found.value)
            held.append(found.low <= right.mean() <= found.high)
        yield f"| {name} | {np.mean(truths):.3f} | {np.mean(means):.3f} | {np.mean(held):.3f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=300)
    trials = parser.parse_args().trials
    for rows in (coverage_rows(trials), delay_rows(), expected_rows(trials)):
        print(*rows, "", sep="\n", flush=True)


if __name__ == "__main__":
    main()

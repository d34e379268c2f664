"""How often does the drift judge alarm without a reason, and how soon with one?

    python bench/drift_simulation.py TABLE [MONTHS]

Prints a table of Markdown: size, power, alarms, season, bursts, delay, split or rules. Each takes a few minutes at the
most on one core, and always gives the same numbers.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import kolmogorov
from scipy.stats import chi2, norm

from dragoman.monitoring.drift.baseline import HOUR, Baseline, BundleBaseline, Standard, TrafficBaseline
from dragoman.monitoring.drift.comparison import compare
from dragoman.monitoring.drift.fisher import log_p_values
from dragoman.monitoring.drift.grid import Grid
from dragoman.monitoring.drift.mean import Mean
from dragoman.monitoring.drift.parts import Parts
from dragoman.monitoring.drift.simulated_world import World, quantile_reference
from dragoman.monitoring.drift.simulation import START, Alarm, alarms, alerts
from dragoman.monitoring.drift.split import split_change
from dragoman.spec import DriftSpec
from drift_rules import rules_of_thumb

MONTH = 720
WEEK = 168
INDEPENDENT = DriftSpec(reference="traffic")  # whatever is compared: bursts of the latest traffic are not measured
WATCHED = 441  # cells of 40 languages with 11 signals, and the mix
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


def main(arguments: Sequence[str]) -> None:
    began = time.process_time()
    months = [int(one) for one in arguments[1:]]
    TABLES[arguments[0]](*months)
    print(f"\n{time.process_time() - began:.0f} s of one core", file=sys.stderr)


def rate(count: int, months: float) -> str:
    """Per 30 days, with the 95% interval of a Poisson number (Garwood 1936)."""
    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    high = chi2.ppf(0.975, 2 * count + 2) / 2
    return f"{count / months:.2g} ({low / months:.2g} to {high / months:.2g})"


# One cell ------------------------------------------------------------------------------------------------------------


class Null(NamedTuple):
    """How a reference of `m` texts and what windows are drawn from come about."""

    name: str
    shape: str
    draw: Callable[[int, np.random.Generator], tuple[Ints, Doubles]]


@cache
def lengths() -> Doubles:
    """Shares of token counts."""
    drawn = np.exp(np.random.default_rng(0).normal(3, 0.6, 400_000))
    return np.asarray(np.bincount(np.minimum(drawn, 199).astype(int)) / len(drawn))


def integers(m: int, chance: np.random.Generator) -> tuple[Ints, Doubles]:
    """Token counts, whose edges are their own quantiles, with many ties."""
    counts, values = chance.multinomial(m, lengths()), np.arange(len(lengths()))
    quantiles = np.searchsorted(np.cumsum(counts), np.arange(1, 32) / 32 * m)
    seen = values[counts > 0]
    starts = np.unique(np.concatenate([[0, seen[0]], quantiles, [min(seen[-1] + 1, values[-1])]]))
    return np.add.reduceat(counts, starts), np.add.reduceat(lengths(), starts)


def fixed(truth: Sequence[float]) -> Callable[[int, np.random.Generator], tuple[Ints, Doubles]]:
    shares = np.array(truth) / np.sum(truth)
    return lambda m, chance: (chance.multinomial(m, shares), shares)


def seen_categories(m: int, chance: np.random.Generator) -> tuple[Ints, Doubles]:
    """77 equally frequent categories; those that the reference does not have are everything else."""
    counts = chance.multinomial(m, np.full(77, 1 / 77))
    seen = counts > 0
    return np.append(counts[seen], 0), np.append(np.full(seen.sum(), 1 / 77), (~seen).sum() / 77)


NULLS = [
    Null("numbers, edges at the reference's own quantiles", "quantiles", quantile_reference),
    Null("whole numbers, the same", "quantiles", integers),
    Null("shares, mostly 0", "shares", fixed([0.9, *(0.1 * 0.75**k for k in range(17))])),
    Null("9 categories", "categories", fixed([0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.05, 0.03, 0.02, 0.0])),
    Null("77 categories, as found in the reference", "categories", seen_categories),
]
LEVELS = (0.05, 0.01, 0.001)


def size(rounds: int = 60_000) -> None:
    print("| bins | reference | window | p ≤ 0.05 | p ≤ 0.01 | p ≤ 0.001 |")
    print("|---|---|---|---|---|---|")
    for null in NULLS:
        for m, n in ((300, 50), (300, 50_000), (5_000, 50), (5_000, 50_000)):
            chance = np.random.default_rng(1)
            logs = np.concatenate([null_p_values(null, m, n, 200, chance) for _ in range(rounds // 200)])
            shares = " | ".join(f"{(logs <= np.log(level)).mean():.4f}" for level in LEVELS)
            print(f"| {null.name} | {m:,} | {n:,} | {shares} |", flush=True)


def null_p_values(null: Null, m: int, n: int, many: int, chance: np.random.Generator) -> Doubles:
    drawn = [null.draw(m, chance) for _ in range(many)]
    parts = Parts([len(counts) for counts, _ in drawn], [null.shape] * many, range(many))  # type: ignore[list-item]
    window = np.concatenate([chance.multinomial(n, truth) for _, truth in drawn])
    return compare(parts, window, np.concatenate([counts for counts, _ in drawn]), worth=0.05).log_p


def power(rounds: int = 1_000) -> None:
    """Shares of changes that are found at a p-value of a millionth."""
    print("| what changes | texts moved | parts | binary tree | Kolmogorov-Smirnov | chi-square |")
    print("|---|---|---|---|---|---|")
    for name, m, n, moved in CHANGES:
        chance = np.random.default_rng(1)
        counts = chance.multinomial(m, np.full(BINS, 1 / BINS), rounds)
        window = chance.multinomial(n, SHAPES[name](moved), rounds)
        found = (own_p, tree_p, ks_p, chi2_p)
        shares = (f"{(test(window, counts) <= np.log(1e-6)).mean():.0%}" for test in found)
        print(f"| {name} (n = {n}, reference {m:,}) | {moved:.0%} | {' | '.join(shares)} |", flush=True)


BINS = 34
PLACE = (np.arange(BINS) + 0.5) / BINS


def into(mask: NDArray[np.bool_]) -> Callable[[float], Doubles]:
    """Texts from everywhere else move there."""
    return lambda moved: np.where(mask, 1 / BINS + moved / mask.sum(), (1 - mask.mean() - moved) / (~mask).sum())


def shifted(moved: float) -> Doubles:
    """A normal distribution whose mean moves."""
    edges = norm.cdf(norm.ppf(np.arange(1, BINS) / BINS) - 2 * norm.ppf(0.5 + moved / 2))
    return np.diff(np.concatenate([[0.0], edges, [1.0]]))


SHAPES = {
    "the mean of a normal distribution": shifted,
    "into the longest tenth": into(PLACE > 0.9),
    "into a seventh inside": into((PLACE > 0.58) & (PLACE < 0.72)),
    "into the middle half": into((PLACE > 0.25) & (PLACE < 0.75)),
    "into every other bin": into(np.arange(BINS) % 2 == 0),
}
CHANGES = [(name, *sizes) for name in SHAPES for sizes in ((300, 200, 0.3), (1_000, 1_000, 0.1), (1_000, 1_000, 0.2))]


def own_p(window: Ints, counts: Ints) -> Doubles:
    many = len(window)
    return compare(Parts([BINS] * many, ["quantiles"] * many, range(many)), window.ravel(), counts.ravel()).log_p


def tree_p(window: Ints, counts: Ints) -> Doubles:
    """Halves, their halves and so on, left against right at every node (Ma and Wong 2011), levels weighted alike."""
    found = []
    level, depth = [(0, BINS)], int(np.ceil(np.log2(BINS)))
    while level:
        nodes = [(a, (a + b) // 2, b) for a, b in level if b - a > 1]
        for a, middle, b in nodes:
            sides = (
                one[:, where].sum(axis=1) for one in (window, counts) for where in (slice(a, middle), slice(middle, b))
            )
            found.append(log_p_values(*sides) + np.log(depth * len(nodes)))
        level = [piece for a, middle, b in nodes for piece in ((a, middle), (middle, b))]
    return np.min(found, axis=0)


def ks_p(window: Ints, counts: Ints) -> Doubles:
    n, m = window.sum(axis=1), counts.sum(axis=1)
    gap = np.abs(np.cumsum(window / n[:, None] - counts / m[:, None], axis=1)).max(axis=1)
    return np.log(np.maximum(kolmogorov(gap * np.sqrt(n * m / (n + m))), 1e-300))


def chi2_p(window: Ints, counts: Ints) -> Doubles:
    n, m = window.sum(axis=1)[:, None], counts.sum(axis=1)[:, None]
    terms = (window * m - counts * n) ** 2 / np.maximum(window + counts, 1) / (n * m)
    return chi2.logsf(terms.sum(axis=1), ((window + counts) > 0).sum(axis=1) - 1)


# Months of a model ----------------------------------------------------------------------------------------------------


def false_alarms(months: int = 3) -> None:
    print("| texts an hour | reference | knob | alarms in 30 days | alerts in 30 days | alerts of 5 points or more |")
    print("|---|---|---|---|---|---|")
    for texts in (50, 50_000):
        for m in (300, 5_000):
            found = [month(World(texts=texts, reference_texts=m), seed) for seed in range(months)]
            for knob in (0.1, 1.0, 10.0, 100.0):
                shown = shown_counts(found, knob, months)
                print(f"| {texts:,} | {m:,} | {knob:g} | {' | '.join(shown)} |", flush=True)


def shown_counts(found: Sequence[Sequence[Alarm]], knob: float, months: int) -> list[str]:
    plain = np.sum([alerts(one, knob) for one in found], axis=0)
    large = np.sum([alerts(one, knob, min_change=0.05) for one in found], axis=0)
    return [rate(int(count), months) for count in (plain[0], plain[1], large[1])]


def month(world: World, seed: int) -> list[Alarm]:
    """A month without any change, against a bundle's reference; measuring bursts would only take alarms away."""
    chance = np.random.default_rng(seed)
    reference, shares = world.build(chance)
    grid = Grid(reference)
    return list(alarms(INDEPENDENT, grid, BundleBaseline(grid), world.hours(grid, shares, chance, MONTH)))


class Independent:
    """A baseline that takes texts for independent."""

    def __init__(self, baseline: Baseline) -> None:
        self._baseline = baseline

    def standard(self, window: int, starts: Sequence[float]) -> Standard:
        return self._baseline.standard(window, starts)._replace(inflation=None)


def months_of_traffic(world: World, seed: int) -> Iterator[tuple[str, list[Alarm]]]:
    """The same month against each kind of reference, all made of the traffic before it or its average."""
    chance = np.random.default_rng(seed)
    reference, shares = world.build(chance)
    grid = Grid(reference)
    by_hour = world.by_hour(grid, shares, chance) if world.season else shares
    before = list(world.hours(grid, by_hour, chance, 2 * WEEK))
    stamped = [(START + HOUR * (place - 2 * WEEK), sums) for place, sums in enumerate(before)]
    hours = list(world.hours(grid, by_hour, chance, MONTH))
    plain = INDEPENDENT
    seasonal = DriftSpec(reference="traffic", seasonal=True)
    traffic = TrafficBaseline(grid, plain, iter(stamped))
    yield "bundle, taken for independent", list(alarms(plain, grid, BundleBaseline(grid), iter(hours)))
    if not world.season:  # hours of the week are no bursts
        yield "bundle", list(alarms(DriftSpec(), grid, BundleBaseline(grid), iter(hours)))
    yield "traffic, taken for independent", list(alarms(plain, grid, Independent(traffic), iter(hours)))
    yield "traffic", list(alarms(plain, grid, traffic, iter(hours)))
    hourly = TrafficBaseline(grid, seasonal, iter(stamped))
    yield "seasonal, taken for independent", list(alarms(plain, grid, Independent(hourly), iter(hours)))
    yield "seasonal", list(alarms(plain, grid, hourly, iter(hours)))


def kinds_of_traffic(worlds: Sequence[tuple[str, World]], months: int) -> None:
    print("| traffic | reference | alarms in 30 days | alerts in 30 days | alerts of 5 points or more |")
    print("|---|---|---|---|---|")
    for name, world in worlds:
        found: dict[str, list[list[Alarm]]] = {}
        for seed in range(months):
            for kind, one in months_of_traffic(world, seed):
                found.setdefault(kind, []).append(one)
        for kind, several in found.items():
            print(f"| {name} | {kind} | {' | '.join(shown_counts(several, 1.0, months))} |", flush=True)


def season(months: int = 1) -> None:
    few = World(languages=10, reference_texts=5_000)
    kinds_of_traffic(
        [
            (f"{texts:,} texts an hour, {name}", World(languages=10, reference_texts=5_000, texts=texts, season=season))
            for texts in (50, 2_000)
            for name, season in (("the same at all hours", few.season), ("with hours of the week", 0.08))
        ],
        months,
    )


def bursts(months: int = 1) -> None:
    common = {"languages": 4, "reference_texts": 5_000, "texts": 500.0}
    kinds_of_traffic(
        [
            ("each text 5 times", World(**common, copies=5)),
            ("shares shaken every hour", World(**common, shock=1 / 500)),
            ("shares shaken every 12 hours", World(**common, shock=1 / 500, shock_hours=12)),
        ],
        months,
    )


# Changes --------------------------------------------------------------------------------------------------------------


def delay(replicas: int = 60) -> None:
    print("| change | texts an hour | texts moved | found in 14 days | median hours | 90% of all within |")
    print("|---|---|---|---|---|---|")
    for name in ("into the longest tenth", "the mean of a normal distribution"):
        for texts in (20, 200, 2_000):
            for moved in (0.05, 0.1, 0.2, 0.5):
                waits = delays(name, texts, moved, replicas)
                middle, late = (shown_hours(np.quantile(waits, q, method="higher")) for q in (0.5, 0.9))
                found = np.isfinite(waits).mean()
                print(f"| {name} | {texts:,} | {moved:.0%} | {found:.0%} | {middle} | {late} |", flush=True)


def shown_hours(hours: float) -> str:
    return f"{hours:.0f}" if np.isfinite(hours) else "not in 336"


def delays(name: str, texts: int, moved: float, replicas: int) -> Doubles:
    """Hours from a change, after a week without one, to the first alarm: `replicas` of one language of 40."""
    chance = np.random.default_rng(1)
    world = World(languages=replicas, texts=texts, reference_texts=1_000, signals=("tokens",))
    reference, shares = world.build(chance)
    grid = Grid(reference)
    one = shares.reshape(replicas, -1)
    changed = np.concatenate([shape_of(name, moved, own) for own in one])
    hours = chain(world.hours(grid, shares, chance, WEEK), world.hours(grid, changed, chance, 2 * WEEK))
    waits = np.full(replicas, np.inf)
    for alarm in alarms(DriftSpec(), grid, BundleBaseline(grid), hours, watched=WATCHED):
        if alarm.look >= WEEK and alarm.log_p <= alarm.log_level and alarm.effect >= 0.05 and alarm.cell < replicas:
            waits[alarm.cell] = min(waits[alarm.cell], alarm.look - WEEK + 1)
            if np.isfinite(waits).all():
                break
    return waits


def shape_of(name: str, moved: float, shares: Doubles) -> Doubles:
    """True shares after a change, where they were `shares`."""
    bounds = np.concatenate([[0.0], np.cumsum(shares)])
    bounds[-1] = 1.0
    if name == "into the longest tenth":
        there = np.diff(np.maximum(bounds - 0.9, 0.0)) / 0.1
        return np.asarray(shares + moved * (there - (shares - 0.1 * there) / 0.9))
    return np.diff(norm.cdf(norm.ppf(bounds) - 2 * norm.ppf(0.5 + moved / 2)))


def split(rounds: int = 4_000) -> None:
    print("| texts before, after | planted | mix: true | bias | in the 95% interval | within: true | bias | in it |")
    print("|---|---|---|---|---|---|---|---|")
    for before, after in ((500, 500), (5_000, 5_000), (100_000, 5_000)):
        for name in PLANTED:
            print(f"| {before:,}, {after:,} | {name} | {' | '.join(splits(name, before, after, rounds))} |", flush=True)


PLANTED = ("nothing", "mix", "one language within", "both", "both, a language new and one gone")


def splits(name: str, before: int, after: int, rounds: int) -> list[str]:
    chance = np.random.default_rng(1)
    old, new, means, changed = planted(name, chance)
    whole = split_change(*(known(shares, one) for shares, one in ((old, means), (new, changed))))
    assert whole is not None
    truth = np.array([whole.mix, whole.within])
    found, inside = [], []
    for _ in range(rounds):
        one = split_change(sampled(before, old, means, chance), sampled(after, new, changed, chance))
        assert one is not None
        assert abs(one.mix + one.within - one.change) < 1e-12
        found.append([one.mix, one.within])
        ends = np.array([one.mix_interval, one.within_interval])
        inside.append((ends[:, 0] <= truth) & (truth <= ends[:, 1]))
    bias, covered = np.mean(found, axis=0) - truth, np.mean(inside, axis=0)
    return [text for k in (0, 1) for text in (f"{truth[k]:+.4f}", f"{bias[k]:+.5f}", f"{covered[k]:.1%}")]


def planted(name: str, chance: np.random.Generator) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    old = 1 / np.arange(1, 41)
    new, means = old.copy(), chance.uniform(0.6, 0.95, 40)
    changed = means.copy()
    if name.startswith(("mix", "both")):
        new[:3] *= 0.5
        new[10] += 1.0
    if name.startswith(("one", "both")):
        changed[2] -= 0.1
    if name.endswith("gone"):
        new[5], old[6] = 0.0, 0.0
    return old / old.sum(), new / new.sum(), means, changed


def known(shares: Doubles, means: Doubles) -> dict[str, Mean]:
    """Periods of so many texts that nothing is left to chance."""
    return {
        str(k): Mean(n=round(1e12 * share), mean=mean)
        for k, (share, mean) in enumerate(zip(shares, means, strict=True))
    }


def sampled(texts: int, shares: Doubles, means: Doubles, chance: np.random.Generator) -> dict[str, Mean]:
    n = chance.multinomial(texts, shares)
    return {str(k): Mean.of_share(int(n[k]), int(chance.binomial(n[k], means[k]))) for k in range(len(n))}


TABLES: dict[str, Callable[..., None]] = {
    "size": size,
    "power": power,
    "alarms": false_alarms,
    "season": season,
    "bursts": bursts,
    "delay": delay,
    "split": split,
    "rules": rules_of_thumb,
}

if __name__ == "__main__":
    main(sys.argv[1:])

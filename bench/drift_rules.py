"""Rules of thumb for drift, as their tools define them, on the same streams as the judge's tests.

Used by drift_simulation.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import kolmogorov
from scipy.stats import norm

from dragoman.monitoring.drift.baseline import BundleBaseline
from dragoman.monitoring.drift.grid import FEATURES, Grid, Sums
from dragoman.monitoring.drift.simulation import alarms, alerts
from dragoman.profiles import LanguageReference, Layout, Reference
from dragoman.spec import DriftSpec

FINE = 256  # values that a signal can have: middles of equal shares of a normal distribution
VALUES = norm.ppf((np.arange(FINE) + 0.5) / FINE)
CELLS = 440  # 40 languages with 11 signals
REFERENCE = 5_000
LEAST = 1e-4  # what stands for an empty bin in a logarithm

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


class Seen(NamedTuple):
    """Counts `[cells, values]` of the reference, and of its 10 chunks `[10, cells, values]`."""

    reference: Ints
    chunks: Ints


def psi(window: Ints, seen: Seen) -> NDArray[np.bool_]:
    """Population stability index of 10 bins with equal shares of the reference: 0.1 or more."""
    now, before = (np.maximum(one, LEAST) for one in tenths(window, seen))
    return ((now - before) * np.log(now / before)).sum(axis=1) >= 0.1


def jensen_shannon(window: Ints, seen: Seen) -> NDArray[np.bool_]:
    """Jensen-Shannon distance, natural logarithms, of the same bins: 0.1 or more."""
    return distance(*tenths(window, seen)) >= 0.1


def wasserstein(window: Ints, seen: Seen) -> NDArray[np.bool_]:
    """Distance of the distributions over the standard deviation of the reference: 0.1 or more."""
    before = share(seen.reference)
    gap = np.abs(np.cumsum(share(window) - before, axis=1))[:, :-1] @ np.diff(VALUES)
    mean = before @ VALUES
    return gap / np.sqrt(before @ VALUES**2 - mean**2) >= 0.1


def kolmogorov_smirnov(window: Ints, seen: Seen) -> NDArray[np.bool_]:
    """p below 0.05."""
    n, m = window.sum(axis=1), seen.reference.sum(axis=1)
    gap = np.abs(np.cumsum(share(window) - share(seen.reference), axis=1)).max(axis=1)
    return kolmogorov(gap * np.sqrt(n * m / (n + m))) < 0.05


def three_sigma(window: Ints, seen: Seen) -> NDArray[np.bool_]:
    """Jensen-Shannon distance above the mean of 10 chunks of the reference by 3 of their standard deviations."""
    whole = seen.chunks.sum(axis=0)
    usual = np.array([distance(*tenths(chunk, Seen(whole, seen.chunks))) for chunk in seen.chunks])
    return distance(*tenths(window, Seen(whole, seen.chunks))) > usual.mean(axis=0) + 3 * usual.std(axis=0)


RULES: dict[str, Callable[[Ints, Seen], NDArray[np.bool_]]] = {
    "PSI ≥ 0.1": psi,
    "Jensen-Shannon ≥ 0.1": jensen_shannon,
    "Wasserstein / std ≥ 0.1": wasserstein,
    "Kolmogorov-Smirnov p < 0.05": kolmogorov_smirnov,
    "3 sigma of 10 chunks": three_sigma,
}


def share(counts: Ints) -> Doubles:
    return counts / counts.sum(axis=-1, keepdims=True)


def tenths(window: Ints, seen: Seen) -> tuple[Doubles, Doubles]:
    """Shares `[cells, 10]` of both between the reference's deciles."""
    cumulated = np.cumsum(share(seen.reference), axis=1)
    bins = np.minimum((cumulated - share(seen.reference) / 2) * 10, 9).astype(int)
    flat = bins + 10 * np.arange(len(bins))[:, None]
    found = (np.bincount(flat.ravel(), one.ravel(), 10 * len(bins)).reshape(-1, 10) for one in (window, seen.reference))
    now, before = (share(one) for one in found)
    return now, before


def distance(now: Doubles, before: Doubles) -> Doubles:
    middle = (now + before) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = (np.where(one > 0, one * np.log(one / middle), 0.0).sum(axis=1) / 2 for one in (now, before))
        return np.sqrt(np.maximum(sum(parts), 0.0))


def rules_of_thumb(hours: int = 720) -> None:
    print("| rule | texts an hour | alarms in 30 days | alerts in 30 days | found | median hours | 90% within |")
    print("|---|---|---|---|---|---|---|")
    for texts in (50, 500, 50_000):
        looks = hours if texts < 50_000 else hours // 3
        for name, (looked, begun, waits) in compared(texts, looks).items():
            in_month = (f"{count * 720 / looks:,.0f}" for count in (looked, begun))
            late = [np.quantile(waits, q, method="higher") for q in (0.5, 0.9)]
            shown = (f"{one:.0f}" if np.isfinite(one) else f"not in {hours_after(texts)}" for one in late)
            found = np.isfinite(waits).mean()
            print(f"| {name} | {texts:,} | {' | '.join(in_month)} | {found:.0%} | {' | '.join(shown)} |", flush=True)


def hours_after(texts: int) -> int:
    """Hours that are looked at after a change."""
    return 336 if texts < 50_000 else 24


def compared(texts: int, hours: int) -> dict[str, tuple[int, int, Doubles]]:
    """Alarms and runs of alarms without a change, and hours until one in 10% of the texts of each cell is seen."""
    chance = np.random.default_rng(1)
    even = np.full(FINE, 1 / FINE)
    reference = chance.multinomial(REFERENCE, even, CELLS)
    chunks = np.array([chance.multinomial(texts, even, CELLS) for _ in range(10)])
    tail = np.where(np.arange(FINE) >= 0.9 * FINE, 1.0, 0.0)
    tail /= tail.sum()
    changed = 8 / 9 * even + tail / 9
    quiet = [chance.multinomial(texts, even, CELLS) for _ in range(hours)]
    after = [chance.multinomial(texts, changed, CELLS) for _ in range(hours_after(texts))]
    seen = Seen(reference, chunks)
    found = {name: by_rule(rule, seen, quiet, after) for name, rule in RULES.items()}
    return found | {"this judge, knob 1": by_judge(reference, quiet, after)}


def by_rule(
    rule: Callable[[Ints, Seen], NDArray[np.bool_]], seen: Seen, quiet: list[Ints], after: list[Ints]
) -> tuple[int, int, Doubles]:
    false = np.array([rule(window, seen) for window in quiet])
    begun = false & ~np.concatenate([np.zeros((1, CELLS), dtype=bool), false[:-1]])
    true = np.array([rule(window, seen) for window in after])
    waits = np.where(true.any(axis=0), true.argmax(axis=0) + 1.0, np.inf)
    return int(false.sum()), int(begun.sum()), waits


def by_judge(reference: Ints, quiet: list[Ints], after: list[Ints]) -> tuple[int, int, Doubles]:
    """Edges at the reference's quantiles, as in a bundle."""
    starts = quantile_starts(reference)
    grid = Grid(as_reference(starts, reference))
    places = np.concatenate([row * FINE + start for row, start in enumerate(starts)])
    spec, baseline = DriftSpec(), BundleBaseline(grid)

    def binned(windows: list[Ints]) -> Iterator[Sums]:
        for window in windows:
            counts = np.add.reduceat(window.ravel(), places)
            yield Sums(counts, window.sum(axis=1), np.zeros((CELLS, FEATURES), dtype=np.int64))

    looked, begun = alerts(alarms(spec, grid, baseline, binned(quiet)), 1.0, min_change=spec.min_change)
    waits = np.full(CELLS, np.inf)
    before = quiet[:168]
    for one in alarms(spec, grid, baseline, binned(before + after)):
        if one.look >= len(before) and one.log_p <= one.log_level and one.effect >= spec.min_change:
            waits[one.cell] = min(waits[one.cell], one.look - len(before) + 1)
            if np.isfinite(waits).all():
                break
    return looked, begun, waits


def quantile_starts(reference: Ints) -> list[Ints]:
    """The first value of each bin."""
    wanted = np.arange(1, 32) / 32 * REFERENCE
    return [np.unique(np.concatenate([[0], np.searchsorted(np.cumsum(row), wanted)])) for row in reference]


def as_reference(starts: list[Ints], reference: Ints) -> Reference:
    """Every cell is a language with one signal: all that the judge sees are cells."""
    languages = {}
    for place, (start, row) in enumerate(zip(starts, reference, strict=True)):
        layout = Layout(signal="tokens", kind="number", edges=[float(edge) for edge in start[1:]])
        counts = np.add.reduceat(row, start)
        languages[f"l{place:03d}"] = LanguageReference(REFERENCE, {"tokens": layout}, {"tokens": counts}, None)
    return Reference(languages, {}, None)

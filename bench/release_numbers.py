"""How does a release of a model of numbers err, and how soon does it see? And the drift of a table of 50 columns?

    python bench/release_numbers.py TABLE [REPEATS]

Prints a table of Markdown: gates, releases or drift. Each takes about a minute on one core, and always gives the same
numbers.
"""

from __future__ import annotations

import statistics
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.monitoring.drift.baseline import BundleBaseline
from dragoman.monitoring.drift.grid import Grid
from dragoman.monitoring.drift.simulated_world import World, signals_of_columns
from dragoman.monitoring.drift.simulation import alarms, alerts
from dragoman.records import ParityReport
from dragoman.release.before import check_before
from dragoman.release.comparison import Comparison
from dragoman.release.language_comparison import ALL, ErrorPairs, compare_errors
from dragoman.release.numbers_world import NumbersWorld, play_numbers
from dragoman.release.speed import Speeds, median_ratio
from dragoman.spec import DriftSpec, ModelSpec, ReleaseSpec, convert_spec

LANGUAGES = ["de", "en", "es", "fr", "it", "pl"]
USUAL = 0.3  # how far answers are off beside a noise of standard deviation 1
SPREAD = 4.0  # of what the models know, beside that noise
MONTH = 720
COLUMNS = 50
Doubles = NDArray[np.float64]


def main(table: str, repeats: int) -> None:
    rows = {"gates": gates, "releases": releases, "drift": drift}[table](repeats)
    for place, cells in enumerate(rows):
        print(f"| {' | '.join(cells)} |")
        if not place:
            print("|" + "---|" * len(cells))


class State(NamedTuple):
    """How good a challenger is, and which verdict is asked for: of all gates, of a language, or over all (empty)."""

    name: str
    lost: Mapping[str, float] = {}
    others: float = USUAL
    asked: str | None = None
    verdict: str = "fail"


# Gates before traffic ------------------------------------------------------------------------------------------------


def gates(repeats: int) -> Iterator[list[str]]:
    """The noise has long tails: Student's t with 4 degrees of freedom."""
    sizes = (30, 115, 500)
    yield ["true state, verdict", *(f"{size} rows per language" for size in sizes)]
    states = [
        State("equal: any gate fails"),
        State("equal: a language passes at a margin of 5 points", asked="de", verdict="pass"),
        State("French lost 10 points: it fails", {"fr": 1.0}, asked="fr"),
        State("French lost 3.5 points: it fails at a margin of 5", {"fr": 0.6}, asked="fr"),
        State("all lost 3.5 points: skill fails at a margin of 1", others=0.6, asked=""),
    ]
    for state in states:
        yield [state.name, *(f"{_share(state, size, repeats):.1%}" for size in sizes)]


def _share(state: State, size: int, repeats: int) -> float:
    rng = np.random.default_rng(1)
    found = [_verdicts(rng, size, state.lost, state.others) for _ in range(repeats)]
    if state.asked is None:
        return sum("fail" in verdicts.values() for verdicts in found) / repeats
    return sum(verdicts[state.asked] == state.verdict for verdicts in found) / repeats


def _verdicts(rng: np.random.Generator, size: int, lost: Mapping[str, float], others: float) -> dict[str, str]:
    """Language → verdict; the empty one is that over all."""
    rows = {name: _errors(rng, size, lost.get(name, others)) for name in LANGUAGES}
    total = ErrorPairs(*(np.concatenate(parts) for parts in zip(*rows.values(), strict=True)))
    even = median_ratio([1.0] * 21, [1.0] * 21)
    found = Comparison(
        champion="1",
        challenger="2",
        total=compare_errors(ALL, total, different=0),
        languages=[compare_errors(name, pairs, different=0) for name, pairs in rows.items()],
        speeds=Speeds(single_ms=even, thousand_ms=even, counted="rows"),
    )
    judged = check_before(found, SPEC, parity=PARITY)
    return {one.language: one.verdict for one in judged if one.gate in ("skill", "forgetting")}


def _errors(rng: np.random.Generator, size: int, challenger: float) -> ErrorPairs:
    noise = rng.standard_t(4, size=size) / np.sqrt(2.0)
    one, other, known = rng.normal(size=(3, size))
    errors = (np.abs(noise + off) for off in (USUAL * one, challenger * other, SPREAD * known))
    return ErrorPairs(*errors, np.ones(size), np.ones(size))


# Releases ------------------------------------------------------------------------------------------------------------


def releases(repeats: int) -> Iterator[list[str]]:
    yield ["challenger", "truths come for", "promoted", "rolled back", "undecided", "for", "requests, median"]
    worlds = [
        ("equal", NumbersWorld()),
        ("equal", NumbersWorld(labels=0.05)),
        ("mean error 14% larger", NumbersWorld(challenger=0.6)),
        ("mean error 25% larger", NumbersWorld(challenger=0.8)),
        ("mean error 25% larger", NumbersWorld(challenger=0.8, labels=0.0)),
        ("twice the error", NumbersWorld(challenger=1.8)),
        ("another unit", NumbersWorld(shift=30.0, labels=0.0)),
    ]
    for name, world in worlds:
        plan = ReleaseSpec(steps=[10, 100], required=["errors", "agreement", *(["quality"] if world.labels else [])])
        found = [play_numbers(plan, world, seed=seed) for seed in range(repeats)]
        shares = [sum(one.status == status for one in found) / repeats for status in STATUSES]
        metrics = ", ".join(
            f"{one} {count}" for one, count in Counter(one.metric for one in found if one.metric).items()
        )
        middle = statistics.median(one.requests for one in found)
        yield [name, f"{world.labels:.0%}", *(f"{share:.0%}" for share in shares), metrics, f"{middle:,.0f}"]


# Drift ---------------------------------------------------------------------------------------------------------------


def drift(repeats: int) -> Iterator[list[str]]:
    yield ["rows an hour", "rows of the reference", "accepted false alarms", "found, in 30 days"]
    for rows, reference in ((100, 1_000), (2_000, 3_000)):
        counts = np.zeros(3)
        for seed in range(repeats):
            chance = np.random.default_rng(seed)
            world = World(languages=1, texts=rows, reference_texts=reference, signals=signals_of_columns(COLUMNS))
            known, shares = world.build(chance)
            grid = Grid(known)
            found = list(alarms(DriftSpec(), grid, BundleBaseline(grid), world.hours(grid, shares, chance, MONTH)))
            counts += [alerts(found, budget)[1] for budget in BUDGETS]
        for budget, count in zip(BUDGETS, counts.tolist(), strict=True):
            yield [f"{rows:,}", f"{reference:,}", f"{budget:g}", f"{count / repeats:.2f}"]


BUDGETS = (1.0, 10.0, 100.0)
STATUSES = ("promoted", "rolled back", "undecided")
PARITY = ParityReport(
    texts=1, max_hidden_difference=0.0, max_logit_difference=0.0, label_agreement=1.0, languages={}, tolerance=1e-5
)
SPEC: ModelSpec = convert_spec(
    {
        "name": "prices",
        "owner": "o",
        "task": "tabular-regression",
        "data": {"files": ["f"]},
        "languages": LANGUAGES,
        "features": {"columns": ["x"]},
    }
)

if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100)

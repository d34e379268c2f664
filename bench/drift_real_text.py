"""Is what goes wrong with real texts noticed, named and dated, and are unchanged ones left alone?

    DRAGOMAN_DATA=FOLDER python bench/drift_real_text.py [--workspace FOLDER] [--only PART] [--name WORDS]

Draws hours of traffic from real texts in up to 25 languages, measures them with the champion of a workspace, and has
them judged hour by hour. In each scenario one language changes at a known hour. Prints tables of Markdown.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.drift.outcomes import Noticed, Outcome, outcome_of
from bench.drift.pools import Pools
from bench.drift.scenarios import AROUND, SCENARIOS, Scenario
from bench.drift.signals import Seen, Seer
from bench.drift.stream import Shift, Traffic, profile_of, reference_of
from bench.drift.watch import Watch

from dragoman.spec import DriftSpec

TEXTS = 100  # per language and hour
REFERENCE = 1_000  # texts per language
CHANGE, HOURS = 24, 72
BEFORE = 14 * 24  # hours that the language mix is compared with
MONTH = 720
SEEDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path, default=Path("examples/support"), help="where the champion is")
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "dragoman-drift", help="for signals"
    )
    parser.add_argument("--only", choices=("scenarios", "unchanged"), help="this part only")
    parser.add_argument("--name", default="", help="scenarios whose name has these words")
    parser.add_argument("--corpus", nargs="*", choices=tuple(AROUND), default=tuple(AROUND), help="unchanged texts")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how often each is played")
    options = parser.parse_args()
    pools = Pools(Seer(options.workspace, options.cache))
    if options.only != "unchanged":
        play_all(pools, options.name, options.seeds)
    if options.only != "scenarios":
        unchanged(pools, options.corpus, options.seeds)


# Changes ------------------------------------------------------------------------------------------------------------


def play_all(pools: Pools, words: str, seeds: int) -> None:
    print(f"\nChange after {CHANGE} hours; {TEXTS} texts per language and hour, {REFERENCE} in the reference.\n")
    print(
        "| what | language | noticed | after hours | first named | within a day | began, error in hours | elsewhere |"
    )
    print("|---" * 8 + "|")
    for scenario in SCENARIOS:
        if words in scenario.name:
            print(row_of(scenario, [play(pools, scenario, seed) for seed in range(seeds)]), flush=True)


def play(pools: Pools, scenario: Scenario, seed: int) -> Outcome:
    own = {name: pools.of(scenario.corpus, name) for name in AROUND[scenario.corpus]}
    texts = None if scenario.is_mix else pools.of(scenario.corpus, scenario.language, scenario.change)
    shift = Shift(scenario.language, CHANGE, texts, scenario.share, scenario.traffic)
    found = list(noticed(own, [shift], HOURS, seed, before=BEFORE if scenario.is_mix else 0))
    return outcome_of(found, language="" if scenario.is_mix else scenario.language, change=CHANGE)


def noticed(own: dict[str, Seen], shifts: list[Shift], hours: int, seed: int, *, before: int = 0) -> Iterator[Noticed]:
    """What each hour's look finds. The hour `h` is judged when it is over, at `h + 1`."""
    reference = reference_of(own, texts=REFERENCE, seed=1_000 + seed)
    earlier = Traffic(own, texts=TEXTS, seed=2_000 + seed).hours(before)
    watch = Watch(reference, DriftSpec(), [profile_of(hour, reference) for hour in earlier])
    for hour in Traffic(own, texts=TEXTS, seed=seed).hours(hours, shifts):
        for symptom in watch.look(profile_of(hour, reference)):
            yield Noticed(hour.number + 1, symptom)


def row_of(scenario: Scenario, outcomes: list[Outcome]) -> str:
    found = [one for one in outcomes if one.delay is not None]
    delays = [one.delay for one in outcomes if one.delay is not None]
    first, day = Counter(one.first for one in found), Counter(name for one in found for name in one.day)
    cells = (
        scenario.name,
        scenario.language,
        f"{len(found)} of {len(outcomes)}",
        f"{statistics.median(delays):g}" if delays else "",
        ", ".join(name for name, _ in first.most_common(2)),
        ", ".join(f"{name}" for name, _ in day.most_common()),
        ", ".join(f"{one.date_error:+d}" if one.date_error is not None else "none" for one in found),
        ", ".join(f"{name} ({times})" for name, times in Counter(n for o in outcomes for n in o.elsewhere).items()),
    )
    return "| " + " | ".join(cells) + " |"


# Nothing changes ----------------------------------------------------------------------------------------------------


class Quiet(NamedTuple):
    """A month in which nothing changes."""

    alarms: list[str]  # each symptom once, however long it holds
    seconds: float  # per look, with the drawing and counting of its texts


def unchanged(pools: Pools, corpora: Sequence[str], seeds: int) -> None:
    print(f"\n30 days in which nothing changes, {TEXTS} texts per language and hour, {REFERENCE} in the reference.\n")
    print("| texts | seed | alarms | which | CPU seconds a look |\n|---|---|---|---|---|")
    for corpus in corpora:
        own = {name: pools.of(corpus, name) for name in AROUND[corpus]}
        for seed in range(seeds):
            month = quiet(own, 100 + seed)
            print(
                f"| {corpus} | {seed} | {len(month.alarms)} | {', '.join(month.alarms)} | {month.seconds:.3f} |",
                flush=True,
            )


def quiet(own: dict[str, Seen], seed: int) -> Quiet:
    started = time.process_time()
    found = Counter(f"{one.symptom.language} {one.symptom.name}" for one in noticed(own, [], MONTH, seed))
    return Quiet([f"{name} ({times} h)" for name, times in found.items()], (time.process_time() - started) / MONTH)


if __name__ == "__main__":
    main()

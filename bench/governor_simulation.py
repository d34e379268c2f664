"""How often the governor starts a training without cause, and how soon it starts one that has a cause.

usage: python bench/governor_simulation.py [--worlds N] [--falls N]

Prints the tables of docs/retraining.md. A model in 24 languages is audited by the rules of the review queue, and looked
at every hour by `dragoman.loop.governor.decide`. Everything is simulated with fixed seeds; nothing is timed.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.feedback.expected import expected_accuracy
from dragoman.feedback.powered import Proxy, Sample, powered_accuracy
from dragoman.feedback.review.allocation import allocate
from dragoman.feedback.review.chance import Chance
from dragoman.loop.governor import decide
from dragoman.loop.situation import Drifted, Situation
from dragoman.records import Interval, LabelCounts, LanguageQuality, LiveQuality
from dragoman.spec import DataSpec, LanguageSloSpec, ModelSpec, RetrainingSpec, SloSpec
from dragoman.training.evaluation import wilson_interval

Doubles = NDArray[np.float64]
LANGUAGES = [f"l{number:02}" for number in range(24)]
PREDICTIONS = 20_000  # a day
SPREAD = 3.0  # of the probability of being right
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
LOOKED = 2.8  # standard deviations: what is nearer to its limit cannot trigger, and the governor need not be asked
WARM, DAYS = 30, 90  # days before the first look, days of looks
NO_LABELS = LabelCounts(labels=0, judged=0, repeated=0, contradictions=0, unknown=0, sources={})


class World(NamedTuple):
    """A model in use."""

    audits: int = 20  # a day; with 24 languages at least 24 are drawn
    maturity: int = 14  # days
    window: int = 30
    tested: int = 280  # texts of each language in the test split
    has_objective: bool = False  # each language's objective is its true accuracy: the worst that is no cause
    power: float = 1.0  # scores are the probability of being right to this power; below 1: overconfident
    alarms: float = 1.0  # false alarms of drift in 30 days; each lasts for three days, in one language
    fallen: int = 0  # languages, of 3% of the traffic each, whose accuracy falls by `fall` after the warm days
    fall: float = 0.2
    is_seen: bool = False  # drift fires in these languages from then on

    @property
    def shares(self) -> Doubles:
        """The fallen come first; the traffic of the others falls with their rank."""
        ranks = 1 / np.arange(1, len(LANGUAGES) - 1)
        return np.concatenate([[0.03, 0.03], 0.94 * ranks / ranks.sum()])


class Audited(NamedTuple):
    """Audits in the order of their times, in hours since the beginning; arrays `[audits]`."""

    time: Doubles
    language: NDArray[np.int64]
    right: Doubles
    score: Doubles

    def part(self, start: int, end: int) -> Audited:
        return Audited(self.time[start:end], self.language[start:end], self.right[start:end], self.score[start:end])


class Play(NamedTuple):
    """One world that happened."""

    world: World
    accuracy: Doubles  # `[languages]`, before the fall
    held: Mapping[str, Interval]
    spec: ModelSpec
    inclusion: Doubles  # `[languages]`
    audited: Audited
    alarms: Sequence[tuple[float, float, int]]  # begin, end, language


def play_of(world: World, seed: int) -> Play:
    chance = np.random.default_rng([17, seed])
    accuracy = chance.beta(0.92 * 60, 0.08 * 60, len(LANGUAGES))
    right = chance.binomial(world.tested, accuracy)
    held = {name: wilson_interval(int(one), world.tested) for name, one in zip(LANGUAGES, right, strict=True)}
    whole = wilson_interval(int(right.sum()), world.tested * len(LANGUAGES))
    objectives = {name: LanguageSloSpec(quality=float(one)) for name, one in zip(LANGUAGES, accuracy, strict=True)}
    spec = ModelSpec(
        name="support",
        owner="somebody",
        languages=LANGUAGES,
        data=DataSpec(files=["data.jsonl"], labels=["a", "b"]),
        retraining=RetrainingSpec(new_labels=0, fewest_labels=0),
        slo=SloSpec(
            quality=float(accuracy @ world.shares) if world.has_objective else 0.0,
            languages=objectives if world.has_objective else {},
        ),
    )
    inclusion, audited = _audited(world, accuracy, chance, seed)
    return Play(world, accuracy, held | {"all": whole}, spec, inclusion, audited, _alarms(world, chance))


def _audited(world: World, accuracy: Doubles, chance: np.random.Generator, seed: int) -> tuple[Doubles, Audited]:
    sizes = {name: round(PREDICTIONS * share) for name, share in zip(LANGUAGES, world.shares, strict=True)}
    total = max(world.audits, len(LANGUAGES))
    days = [allocate(sizes, total, least=1, chance=Chance(str(seed), str(day))) for day in range(WARM + DAYS)]
    inclusion = np.array([days[0][name].inclusion for name in LANGUAGES])
    counts = np.array([[one[name].tasks for name in LANGUAGES] for one in days])
    language = np.concatenate([np.repeat(np.arange(len(LANGUAGES)), row) for row in counts])
    day = np.repeat(np.arange(len(days)), counts.sum(axis=1))
    time = (day + chance.random(len(day))) * 24
    order = np.argsort(time)
    time, language = time[order], language[order]
    level = accuracy[language]
    right, score = _answers(world, level, chance)
    if world.fallen:
        has_fallen = (time >= WARM * 24) & (language < world.fallen)
        right = np.where(has_fallen & (chance.random(len(right)) < world.fall / level), 0.0, right)
    return inclusion, Audited(time, language, right, score)


def _answers(world: World, accuracy: Doubles, chance: np.random.Generator) -> tuple[Doubles, Doubles]:
    sure = chance.beta(accuracy * SPREAD, (1 - accuracy) * SPREAD)
    return (chance.random(len(sure)) < sure).astype(np.float64), sure**world.power


def _alarms(world: World, chance: np.random.Generator) -> list[tuple[float, float, int]]:
    if world.is_seen:
        return [(WARM * 24.0, np.inf, language) for language in range(world.fallen)]
    begins = (WARM + DAYS * chance.random(chance.poisson(world.alarms * DAYS / 30))) * 24
    return [(float(one), float(one) + 72, int(chance.integers(len(LANGUAGES)))) for one in begins]


# What the governor sees ----------------------------------------------------------------------------------------------


def first_trigger(play: Play, *, every: int = 1) -> tuple[float, str] | None:
    """The days from the first look until something starts a training, and what; looks are `every` so many hours."""
    looks = np.arange(WARM * 24, (WARM + DAYS) * 24 + 1, every)
    before: tuple[int, ...] = ()
    for hour, languages in _near(play, looks):
        start, end = _bounds(play, hour)
        if (start, end, *languages) == before:
            continue
        before = (start, end, *languages)
        situation = _situation(play, hour, languages)
        decision = decide(situation, play.spec, now=_at(hour).timestamp(), id="support:look")
        if decision.triggers:
            return (hour - WARM * 24) / 24, decision.triggers[0].kind
    return None


def _near(play: Play, looks: NDArray[np.int64]) -> Iterator[tuple[int, list[int]]]:
    """The looks at which some language, or all together, is near its limit: those, or all of them."""
    world = play.world
    counts, right = (_in_window(play, looks, what) for what in (np.ones_like(play.audited.right), play.audited.right))
    evaluated = np.array([play.held[name].value for name in LANGUAGES])
    limits = np.maximum(play.accuracy if world.has_objective else 0.0, evaluated - 0.02)
    weights = 1 / play.inclusion
    known = np.maximum(counts, 1)
    share = np.clip(right / known, 0.02, 0.98)
    near = (limits - right / known > LOOKED * np.sqrt(share * (1 - share) / known)) & (counts >= 5)
    whole = (weights * right).sum(axis=1) / (weights * known).sum(axis=1)
    error = np.sqrt((weights**2 * known * share * (1 - share)).sum(axis=1)) / (weights * known).sum(axis=1)
    limit = max(float(limits @ world.shares), 0.0)
    for place, hour in enumerate(looks):
        alarmed = [language for begin, end, language in play.alarms if begin + 24 <= hour < end]
        if limit - whole[place] > LOOKED * error[place]:
            yield int(hour), list(range(len(LANGUAGES)))
        elif near[place].any() or alarmed:
            yield int(hour), sorted({*np.flatnonzero(near[place]).tolist(), *alarmed})


def _in_window(play: Play, looks: NDArray[np.int64], values: Doubles) -> Doubles:
    """Sums `[looks, languages]` of what is mature and still in the window."""
    found = np.zeros((len(looks), len(LANGUAGES)))
    for language in range(len(LANGUAGES)):
        own = play.audited.language == language
        sums = np.concatenate([[0.0], np.cumsum(values[own])])
        first, last = (
            np.searchsorted(play.audited.time[own], looks - 24 * days)
            for days in (play.world.window, play.world.maturity)
        )
        found[:, language] = sums[last] - sums[first]
    return found


def _bounds(play: Play, hour: int) -> tuple[int, int]:
    time, world = play.audited.time, play.world
    return int(np.searchsorted(time, hour - 24 * world.window)), int(np.searchsorted(time, hour - 24 * world.maturity))


def _situation(play: Play, hour: int, languages: Sequence[int]) -> Situation:
    """All that is looked at. The languages that are far from their limits are left out: they change nothing."""
    is_whole = len(languages) == len(LANGUAGES)
    rows = [_row(play, hour, [one], LANGUAGES[one]) for one in languages]
    quality = LiveQuality(
        model="support",
        version="1",
        since=_at(hour - 24 * play.world.window).isoformat(),
        until=_at(hour).isoformat(),
        maturity_days=play.world.maturity,
        level=0.95,
        languages=[*([_row(play, hour, range(len(LANGUAGES)), "all")] if is_whole else []), *rows],
        delays=[],
        labels=NO_LABELS,
    )
    drifted = [
        Drifted(LANGUAGES[language], _at(begin).timestamp(), "Something has changed.")
        for begin, end, language in play.alarms
        if begin <= hour < end
    ]
    return Situation("support", 1, 0.0, quality=quality, held=play.held, drifted=drifted)


def _row(play: Play, hour: int, languages: Sequence[int], name: str) -> LanguageQuality:
    part = play.audited.part(*_bounds(play, hour))
    own = np.isin(part.language, languages)
    share = float(play.world.shares[list(languages)].sum())
    number = round(PREDICTIONS * share * (play.world.window - play.world.maturity))
    proxy = _proxy(play, languages, number)
    sample = Sample(part.right[own], part.score[own], play.inclusion[part.language[own]])
    return LanguageQuality(
        language=name,
        predictions=round(PREDICTIONS * share * play.world.window),
        mature=number,
        labelled=len(sample.right),
        audited=len(sample.right),
        accuracy=powered_accuracy(sample, proxy),
        sample=None,
        given=None,
        expected=expected_accuracy(proxy) if play.world.power == 1 else None,
        evaluated=None,
    )


def _proxy(play: Play, languages: Sequence[int], number: int) -> Proxy:
    """Moments of the scores of all predictions: those of their distribution, for there are many."""
    chosen = list(languages)
    weights = play.world.shares[chosen] / play.world.shares[chosen].sum()
    accuracy, power, rest = play.accuracy[chosen], play.world.power, SPREAD
    means = _beta_moment(accuracy, rest, power)
    mean, second = float(weights @ means), float(weights @ _beta_moment(accuracy, rest, 2 * power))
    return Proxy(number, mean, second - mean**2)


def _beta_moment(accuracy: Doubles, spread: float, power: float) -> Doubles:
    """The mean of a power of Beta(accuracy spread, (1 - accuracy) spread) variables."""
    return np.array([_moment(spread * one, spread, power) for one in accuracy])


def _moment(a: float, both: float, power: float) -> float:
    logs = math.lgamma(a + power) - math.lgamma(a) + math.lgamma(both) - math.lgamma(both + power)
    return math.exp(logs)


def _at(hour: float) -> datetime:
    return BEGIN + timedelta(hours=float(hour))


# Tables --------------------------------------------------------------------------------------------------------------

STABLE = (
    ("24 audits a day, mature after 14 days", World()),
    ("100 audits a day", World(audits=100)),
    ("400 audits a day", World(audits=400)),
    ("100 audits a day, mature after 2 days", World(audits=100, maturity=2)),
    ("100 audits a day, 60 test texts in a language", World(audits=100, tested=60)),
    ("100 audits a day, overconfident scores", World(audits=100, power=0.4)),
    ("24 audits a day, every objective is the true accuracy", World(has_objective=True)),
    ("100 audits a day, every objective is the true accuracy", World(audits=100, has_objective=True)),
)


def false_starts(world: World, worlds: int) -> list[tuple[float, str]]:
    """What started a training in the worlds in which nothing has fallen."""
    found = (first_trigger(play_of(world, seed)) for seed in range(worlds))
    return [one for one in found if one]


def stable_rows(worlds: int) -> Iterator[str]:
    yield "| world | started in 90 days | 95% interval | by |"
    yield "|---|---|---|---|"
    for name, world in STABLE:
        found = false_starts(world, worlds)
        rate = wilson_interval(len(found), worlds)
        kinds = sorted({kind for _, kind in found})
        by = ", ".join(f"{kind} {sum(one == kind for _, one in found)}" for kind in kinds)
        yield f"| {name} | {rate.value:.1%} | {rate.low:.1%} to {rate.high:.1%} | {by} |"


def fall_rows(falls: int) -> Iterator[str]:
    yield "| audits a day | mature after | drift seen | started in 90 days | median day | 90% by day |"
    yield "|---|---|---|---|---|---|"
    for maturity in (14, 2):
        for audits in (24, 50, 100, 200, 400):
            for is_seen in (False, True):
                world = World(audits=audits, maturity=maturity, fallen=2, is_seen=is_seen)
                yield _fall_row(world, [first_trigger(play_of(world, seed), every=24) for seed in range(falls)])


def _fall_row(world: World, found: Sequence[tuple[float, str] | None]) -> str:
    days = sorted(one[0] if one else np.inf for one in found)
    median, most = (days[int(len(days) * share)] for share in (0.5, 0.9))
    started = sum(one is not None for one in found) / len(found)
    seen = "yes" if world.is_seen else "no"
    return f"| {world.audits} | {world.maturity} days | {seen} | {started:.0%} | {_day(median)} | {_day(most)} |"


def _day(days: float) -> str:
    return f"{days:.0f}" if np.isfinite(days) else "not in 90"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--falls", type=int, default=40)
    options = parser.parse_args()
    for title, rows in (
        ("Nothing has fallen", stable_rows(options.worlds)),
        ("Two languages with 3% of the traffic each fall by 20 points", fall_rows(options.falls)),
    ):
        print(f"\n{title}\n")
        for row in rows:
            print(row, flush=True)


if __name__ == "__main__":
    main()

"""How often do burn-rate alerts err, and how soon do they tell? Dragoman's rules beside Sloth's and Pyrra's.

    python bench/burn_simulation.py [alarms] [certain] [detection]

Prints tables of Markdown: false alarms of all three, those of Dragoman alone over many more months, and the time until
a burn is told. Without an argument all of them, in about two and a half minutes on one core.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.monitoring.slo import burn_rules
from dragoman.monitoring.slo.burn_rules import BurnRule
from dragoman.records import Severity

DAYS = 30
MONTH = DAYS * 1_440  # minutes
HISTORY = 6_200  # minutes before the month: the longest window
CALM = 60  # minutes without an alert after which the next one is another
MONTHS, CERTAIN_MONTHS, BURNS = 100, 3_000, 200
HORIZON = 3 * 1_440  # minutes in which a burn may be told

Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]
Policy = Callable[["Stream", float], dict[Severity, Flags]]


class Traffic(NamedTuple):
    """Events a minute: so many on average, by chance where they are few."""

    name: str
    per_minute: int
    is_random: bool


TRAFFICS = (Traffic("1 a minute", 1, is_random=True), Traffic("1,000 a second", 60_000, is_random=False))
GOALS = (0.999, 0.99, 0.9)


class Stream:
    """Events of minutes, ready for sums over windows that end with each minute after the history."""

    def __init__(self, total: Counts, bad: Counts) -> None:
        self.total, self.bad = (np.concatenate([[0], np.cumsum(counts)]) for counts in (total, bad))

    def last(self, minutes: int) -> tuple[Counts, Counts]:
        """Total and bad events of the window before each minute's end."""
        ends = np.arange(HISTORY + 1, len(self.total))
        return self.total[ends] - self.total[ends - minutes], self.bad[ends] - self.bad[ends - minutes]


def play(traffic: Traffic, shares: NDArray[np.float64], draw: np.random.Generator) -> Stream:
    """Each event of a minute is bad with the minute's share, whatever the others are."""
    size = len(shares)
    total = draw.poisson(traffic.per_minute, size) if traffic.is_random else np.full(size, traffic.per_minute)
    return Stream(total, draw.binomial(total, shares))


# Rules --------------------------------------------------------------------------------------------------------------


def dragoman(stream: Stream, budget: float) -> dict[Severity, Flags]:
    return _by_severity((rule.severity, _dragoman_fires(stream, rule, budget)) for rule in burn_rules(budget, DAYS))


def _dragoman_fires(stream: Stream, rule: BurnRule, budget: float) -> Flags:
    (total, bad), (short_total, short_bad) = stream.last(rule.long), stream.last(rule.short)
    burns = (bad > rule.threshold * total) & (short_bad >= rule.threshold * short_total)
    if burns.any():
        burns[burns] = log_likelihood_ratio(bad[burns], total[burns], budget) >= rule.evidence
    return burns


def log_likelihood_ratio(bad: Counts, total: Counts, budget: float) -> NDArray[np.float64]:
    """`dragoman.monitoring.slo.evidence` of many windows."""
    good = total - bad
    likelier = bad > budget * total
    with np.errstate(divide="ignore", invalid="ignore"):
        of_bad = np.where(bad > 0, bad * np.log(bad / (budget * total)), 0.0)
        of_good = np.where(good > 0, good * np.log(good / ((1.0 - budget) * total)), 0.0)
    return np.where(likelier, of_bad + of_good, 0.0)


SLOTH: tuple[tuple[Severity, int, int, float], ...] = (
    ("page", 60, 5, 14.4),
    ("page", 360, 30, 6.0),
    ("ticket", 1_440, 120, 3.0),
    ("ticket", 4_320, 360, 1.0),
)


def sloth(stream: Stream, budget: float) -> dict[Severity, Flags]:
    """Its windows of 30 days: both shares above the factor times the budget; no `for`."""
    return _by_severity(
        (severity, _above(stream, long, factor * budget) & _above(stream, short, factor * budget))
        for severity, long, short, factor in SLOTH
    )


PYRRA: tuple[tuple[Severity, int, int, int, float], ...] = (
    ("page", 64, 5, 2, 14.0),
    ("page", 386, 32, 16, 7.0),
    ("ticket", 1_543, 129, 64, 2.0),
    ("ticket", 6_171, 386, 193, 1.0),
)


def pyrra(stream: Stream, budget: float) -> dict[Severity, Flags]:
    """Its windows of 28 days, scaled to 30 and rounded to minutes as it does; each alert waits for its `for`."""
    return _by_severity(
        (severity, _held(_above(stream, long, factor * budget) & _above(stream, short, factor * budget), wait))
        for severity, long, short, wait, factor in PYRRA
    )


def _above(stream: Stream, minutes: int, threshold: float) -> Flags:
    total, bad = stream.last(minutes)
    return (bad > threshold * total) & (total > 0)


def _held(flags: Flags, minutes: int) -> Flags:
    """Whether a condition has held for so many minutes."""
    since = np.concatenate([[0], np.cumsum(flags)])
    held = np.zeros_like(flags)
    held[minutes:] = since[minutes + 1 :] - since[: -minutes - 1] == minutes + 1
    return held


def _by_severity(rules: Iterator[tuple[Severity, Flags]]) -> dict[Severity, Flags]:
    found: dict[Severity, Flags] = {}
    for severity, flags in rules:
        found[severity] = found[severity] | flags if severity in found else flags
    return found


POLICIES: dict[str, Policy] = {"Dragoman": dragoman, "Sloth": sloth, "Pyrra": pyrra}

# Questions ----------------------------------------------------------------------------------------------------------


def alarms(flags: Flags) -> int:
    """How often an alert begins after an hour of calm."""
    minutes = np.flatnonzero(flags)
    return int(len(minutes) > 0) + int(np.count_nonzero(np.diff(minutes) > CALM))


def false_alarms(traffic: Traffic, goal: float, share: float, months: int, seed: int) -> dict[str, tuple[float, float]]:
    """Pages and tickets per 30 days of each policy; every event is bad with probability `share` of what is allowed."""
    draw, budget = np.random.default_rng(seed), round(1.0 - goal, 9)
    told = {name: np.zeros(2) for name in POLICIES}
    for _ in range(months):
        stream = play(traffic, np.full(HISTORY + MONTH, share * budget), draw)
        for name, policy in POLICIES.items():
            flags = policy(stream, budget)
            told[name] += [alarms(flags["page"]), alarms(flags["ticket"])]
    return {
        name: (float(pages), float(tickets)) for name, (pages, tickets) in ((n, t / months) for n, t in told.items())
    }


def months_with_alarm(traffic: Traffic, goal: float, months: int, seed: int) -> int:
    """Months with any false alarm of Dragoman's, where errors are exactly as frequent as allowed."""
    draw, budget = np.random.default_rng(seed), round(1.0 - goal, 9)
    streams = (play(traffic, np.full(HISTORY + MONTH, budget), draw) for _ in range(months))
    return sum(any(flags.any() for flags in dragoman(stream, budget).values()) for stream in streams)


def times_to_tell(
    traffic: Traffic, goal: float, burn: float, burns: int, seed: int
) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Minutes from the start of a burn to the first page, and to the first alert of any kind; infinite if none came.

    Before it, errors are half as frequent as allowed; then `burn` times as frequent, or all events fail (infinite).
    """
    draw, budget = np.random.default_rng(seed), round(1.0 - goal, 9)
    shares = np.full(HISTORY + HORIZON, 0.5 * budget)
    shares[HISTORY:] = min(1.0, burn * budget)
    told = {name: {"page": np.full(burns, np.inf), "any": np.full(burns, np.inf)} for name in POLICIES}
    for one in range(burns):
        stream = play(traffic, shares, draw)
        for name, policy in POLICIES.items():
            flags = policy(stream, budget)
            for kind, shown in (("page", flags["page"]), ("any", flags["page"] | flags["ticket"])):
                if shown.any():
                    told[name][kind][one] = 1 + int(np.argmax(shown))
    return told


# Tables -------------------------------------------------------------------------------------------------------------


def alarm_table() -> Iterator[str]:
    yield f"False alarms per 30 days, pages and tickets; {MONTHS} months each, seed 1.\n"
    yield "| traffic | objective | bad events | " + " | ".join(POLICIES) + " |"
    yield "|---|---|---|" + "---|" * len(POLICIES)
    for traffic in TRAFFICS:
        for goal in GOALS:
            for share, words in ((0.5, "half of what is allowed"), (1.0, "exactly what is allowed")):
                told = false_alarms(traffic, goal, share, MONTHS, 1)
                cells = " | ".join(f"{pages:.2f} + {tickets:.2f}" for pages, tickets in told.values())
                yield f"| {traffic.name} | {100 * goal:g}% | {words} | {cells} |"


def certain_table() -> Iterator[str]:
    yield f"Months of {CERTAIN_MONTHS:,} in which any rule of Dragoman's fired, errors exactly as allowed, seed 2.\n"
    yield "| traffic | objective | months with an alarm | share, with Wilson's 95% interval |"
    yield "|---|---|---|---|"
    for traffic in TRAFFICS:
        for goal in GOALS:
            found = months_with_alarm(traffic, goal, CERTAIN_MONTHS, 2)
            low, high = wilson(found, CERTAIN_MONTHS)
            share = f"{found / CERTAIN_MONTHS:.2%} ({low:.2%} to {high:.2%})"
            yield f"| {traffic.name} | {100 * goal:g}% | {found} | {share} |"


def detection_table() -> Iterator[str]:
    yield f"Until a burn is told: first page, in brackets first alert of any kind; {BURNS} burns each, seed 3.\n"
    yield "| traffic | objective | burn | " + " | ".join(POLICIES) + " |"
    yield "|---|---|---|" + "---|" * len(POLICIES)
    for traffic in TRAFFICS:
        for goal in GOALS:
            for burn, words in ((2.0, "2"), (6.0, "6"), (14.4, "14.4"), (np.inf, "all fail")):
                if burn * (1.0 - goal) < 1.0 or burn == np.inf:
                    told = times_to_tell(traffic, goal, burn, BURNS, 3)
                    cells = " | ".join(f"{_typical(one['page'])} ({_typical(one['any'])})" for one in told.values())
                    yield f"| {traffic.name} | {100 * goal:g}% | {words} | {cells} |"


def _typical(minutes: NDArray[np.float64]) -> str:
    """The median, where most are told, and how many are where not all are."""
    told = float(np.isfinite(minutes).mean())
    if told < 0.5:
        return "never" if told == 0.0 else f"{told:.0%} told"
    middle = float(np.sort(minutes)[len(minutes) // 2])
    words = f"{middle:.0f} min" if middle < 180 else f"{middle / 60:.1f} h"
    return words if told == 1.0 else f"{words}, {told:.0%} told"


def wilson(found: int, of: int) -> tuple[float, float]:
    share, z = found / of, 1.96
    middle, spread = share + z * z / (2 * of), z * np.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, (middle - spread) / (1 + z * z / of)), (middle + spread) / (1 + z * z / of)


TABLES = {"alarms": alarm_table, "certain": certain_table, "detection": detection_table}


def main(arguments: Sequence[str]) -> int:
    if strange := [name for name in arguments if name not in TABLES]:
        print(f"no table {strange[0]!r}; there are {', '.join(TABLES)}", file=sys.stderr)
        return 2
    for name in arguments or TABLES:
        for line in TABLES[name]():
            print(line, flush=True)
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

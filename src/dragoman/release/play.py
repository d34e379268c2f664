"""Many releases at once, played against synthetic traffic and judged as the server judges them.

Requests come by the hour (or by the step, where that is shorter), and the evidence is looked at every minute: an hour
in which not even the bets that won could have brought a discovery is passed over; any other is taken apart, its counts
spread over its minutes by chance, and judged minute by minute. That is exact: the requests of an hour fall evenly on
its minutes, and more wealth never means fewer discoveries.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.release.betting import log_mean_exp
from dragoman.release.decision import SUSPECT, required_scope
from dragoman.release.live import PROMOTED, ROLLED_BACK, UNDECIDED, Outcomes, first_live, first_outcomes
from dragoman.release.metrics import METRICS
from dragoman.release.multiplicity import discoveries
from dragoman.release.requests import Requests, draw_requests
from dragoman.release.simulated_plan import AGREEMENT_PLACES, Odds, Plan, odds_of
from dragoman.release.watch import mixed, new_start

__all__ = ["play"]

AGREEMENT = next(place for place, metric in enumerate(METRICS) if metric.name == "agreement")

Bools = NDArray[np.bool_]
Counts = NDArray[np.int64]
Doubles = NDArray[np.float64]


class Fall(NamedTuple):
    """A discovery within a block."""

    minute: int
    is_named: bool


def play(plan: Plan, releases: int, rng: np.random.Generator) -> Outcomes:
    """Play that many releases side by side until each is promoted, rolled back or out of time."""
    stage = Stage(plan, releases, rng)
    for block in range(plan.blocks):
        if not stage.is_over:
            stage.play_block(block)
    return stage.outcomes()


class Stage:
    """Plays releases block by block."""

    def __init__(self, plan: Plan, releases: int, rng: np.random.Generator) -> None:
        self.plan, self.rng = plan, rng
        limits = plan.draw_limits(releases, rng)
        odds = odds_of(limits, METRICS[AGREEMENT].least, AGREEMENT_PLACES)
        self._agreement = Odds(*(table[:, :-1] for table in odds))
        self._spent = 0.0  # of what was kept for later starts
        self._live = first_live(plan, releases, limits.fail[:, :-1])
        self._ended = first_outcomes(plan, releases, limits.fail[:, :-1])

    @property
    def is_over(self) -> bool:
        return not len(self._live.number)

    def outcomes(self) -> Outcomes:
        self._end(np.ones(len(self._live.number), dtype=bool), UNDECIDED, self.plan.spec.max_hours)
        return self._ended

    def play_block(self, block: int) -> None:
        """Requests come, the evidence is looked at every minute, and at the end releases may go on."""
        self._begin_hour(block)
        live = self._live
        come = draw_requests(self.plan, live.labels, live.late, live.step, block=block, rng=self.rng)
        falls = self._look(come)
        for row, fall in falls.items():
            self._roll_back(row, fall, come, block)
        self._add(come)
        keep = np.ones(len(live.number), dtype=bool)
        keep[list(falls)] = False
        self._live = live.where(keep)
        self._go_on(block + 1)

    def _begin_hour(self, block: int) -> None:
        """Bet anew where a full hour has passed since the last time."""
        hour = min(block * self.plan.minutes // 60, self.plan.hours)
        share = hour / self.plan.hours - self._spent
        if share > 0:
            self._live = self._live._replace(
                starts=new_start(self._live.starts, self._live.harm, share, first=self.plan.first)
            )
        self._spent += share

    # Looking ---------------------------------------------------------------------------------------------------------

    def _look(self, come: Requests) -> dict[int, Fall]:
        """The releases that fall within the block, and when."""
        live = self._live
        most = mixed(live.harm + self._gains(come, "rise"), live.starts, self._spent, first=self.plan.first)
        suspects = self._discovered(most).reshape(most.shape)
        rows = np.flatnonzero(suspects.any(axis=(1, 2)))
        return self._look_closer(rows, come, suspects[rows]) if rows.size else {}

    def _look_closer(self, rows: Counts, come: Requests, suspects: Bools) -> dict[int, Fall]:
        """The first discoveries of some releases minute by minute. Only suspects can be discovered."""
        shape = (len(rows), len(METRICS), len(self.plan.languages) + 1, self.plan.minutes)
        logs = np.full(shape, -np.inf)
        for place in np.flatnonzero(suspects.any(axis=(0, 2))).tolist():
            self._fill_minutes(logs[:, place], rows, come, place, suspects[:, place])
        found = self._discovered(np.moveaxis(logs, -1, 1)).reshape(len(rows), self.plan.minutes, *shape[1:3])
        fell = found.any(axis=(2, 3))
        first = fell.argmax(axis=1)
        at_first = np.take_along_axis(found, first[:, None, None, None], axis=1)[:, 0]
        named = at_first[..., self.plan.regressed].any(axis=(1, 2))
        falls = np.stack([rows, first, named], axis=1)[np.any(fell, axis=1)]
        return {row: Fall(minute, bool(is_named)) for row, minute, is_named in falls.tolist()}

    def _discovered(self, logs: Doubles) -> Bools:
        """Discoveries `[..., metrics * languages]` among evidence `[..., metrics, languages]`."""
        return discoveries(logs.reshape(*logs.shape[:-2], -1), self.plan.weights, alpha=self.plan.alpha)

    def _fill_minutes(self, logs: Doubles, rows: Counts, come: Requests, place: int, suspects: Bools) -> None:
        """Evidence `[releases, languages + 1, minutes]` of one metric, where it is suspect."""
        counts, odds = come.counts[METRICS[place].name][rows], self._odds_of(place, rows)
        wealth, starts = self._live.harm[rows, place], self._live.starts[rows, place]
        together, share = suspects[:, -1], self.plan.first[place]
        is_apart = suspects[:, :-1] | together[:, None] * (place == AGREEMENT)  # each against a limit of its own
        apart = np.nonzero(is_apart)
        passed = self._by_minute(counts[apart])
        alone = suspects[apart]
        pairs = (apart[0][alone], apart[1][alone])
        own = wealth[pairs][:, None] + passed[alone] @ _of(odds.harm, pairs)
        logs[pairs] = mixed(own, starts[pairs][:, None], self._spent, first=share[pairs[1], None])
        if together.any():
            gains = _sums(passed @ _of(odds.shared_harm, apart), apart[0], len(rows))
            if place != AGREEMENT:
                gains += self._by_minute((counts * ~is_apart[..., None]).sum(axis=1)) @ odds.shared_harm
            ends = mixed(wealth[:, -1:] + gains, starts[:, -1:], self._spent, first=share[-1:])
            logs[together, -1] = ends[together]

    def _odds_of(self, place: int, rows: Counts) -> Odds:
        if place == AGREEMENT:
            return Odds(*(table[self._live.number[rows]] for table in self._agreement))
        return self.plan.odds[METRICS[place].name]

    def _by_minute(self, counts: Counts) -> Doubles:
        """Counts `[..., values]` of a block → what has come after each minute, `[..., minutes, values]`."""
        minutes = self.plan.minutes
        spread = self.rng.multinomial(counts, np.full(minutes, 1 / minutes))
        return np.moveaxis(spread.cumsum(axis=-1), -1, -2).astype(np.float64)

    # Adding ----------------------------------------------------------------------------------------------------------

    def _gains(self, come: Requests, kind: str) -> Doubles:
        """What the block adds to the logarithm of wealth, `[releases, metrics, languages + 1, bets]`."""
        parts = []
        for metric in METRICS:
            own = self._gain(come, metric.name, kind)
            together = self._gain(come, metric.name, f"shared_{kind}").sum(axis=1, keepdims=True)
            parts.append(np.concatenate([own, together], axis=1))
        return np.stack(parts, axis=1)

    def _gain(self, come: Requests, metric: str, kind: str) -> Doubles:
        counts = come.counts[metric].astype(np.float64)
        if metric != "agreement":
            return np.asarray(counts @ getattr(self.plan.odds[metric], kind))
        table = getattr(self._agreement, kind)[self._live.number]
        return np.asarray(counts[..., :1] * table[..., 0, :] + counts[..., 1:] * table[..., 1, :])

    def _add(self, come: Requests) -> None:
        live = self._live
        np.add(live.harm, self._gains(come, "harm"), out=live.harm)
        for place, metric in enumerate(self.plan.required):
            live.safe[:, place] += self._gain(come, METRICS[metric].name, "safe")
            live.shared[:, place] += self._gain(come, METRICS[metric].name, "shared_safe")
        new = ((live.paired, come.paired), (live.exposed, come.answered), (live.answered, come.answered.sum(axis=1)))
        for total, more in new:
            np.add(total, more, out=total)

    # Moving ----------------------------------------------------------------------------------------------------------

    def _roll_back(self, row: int, fall: Fall, come: Requests, block: int) -> None:
        number = self._live.number[row]
        share = (fall.minute + 1) / self.plan.minutes
        self._ended.ending[number] = ROLLED_BACK
        self._ended.hours[number] = (block + share) * self.plan.minutes / 60
        self._ended.named[number] = fall.is_named
        self._ended.paired[number] = self._live.paired[row] + self.rng.binomial(come.paired[row], share)
        self._ended.exposed[number] = self._live.exposed[row] + self.rng.binomial(come.answered[row], share)

    def _go_on(self, block: int) -> None:
        live, plan = self._live, self.plan
        ready = self._is_ready(block)
        live.step[ready] += 1
        live.since[ready] = block
        live.answered[ready] = 0
        done = live.step == len(plan.percents)
        self._end(done, PROMOTED, block * plan.minutes / 60)
        self._live = live.where(~done)

    def _end(self, mask: Bools, ending: int, hours: float) -> None:
        numbers = self._live.number[mask]
        self._ended.ending[numbers] = ending
        self._ended.hours[numbers] = hours
        self._ended.paired[numbers] = self._live.paired[mask]
        self._ended.exposed[numbers] = self._live.exposed[mask]

    def _is_ready(self, block: int) -> Bools:
        live, spec = self._live, self.plan.spec
        percents = np.array(self.plan.percents)[live.step]
        is_long = (block - live.since) * self.plan.minutes >= spec.step_minutes
        is_ready = is_long & ((live.answered >= spec.min_requests) | (percents == 0))
        passed = self._passed()
        for place, metric in enumerate(self.plan.required):
            for percent in set(percents.tolist()):
                scope = required_scope(METRICS[metric].name, spec, percent)
                here = {"language": passed[:, place, :-1].all(axis=-1), "": True}.get(scope, passed[:, place, -1])
                is_ready &= here | (percents != percent)
        return np.asarray(is_ready)

    def _passed(self) -> Bools:
        """Which required metrics have passed, `[releases, required metrics, languages + 1]`."""
        enough = -np.log(self.plan.spec.alpha)
        own = log_mean_exp(self._live.safe) >= enough
        together = log_mean_exp(self._live.shared.sum(axis=2)) >= enough
        if self.plan.kin.any():
            own |= self._pooled(enough)
        return np.concatenate([own, together[..., None]], axis=-1)

    def _pooled(self, enough: float) -> Bools:
        """Which languages pass with their family or script, and are no suspects themselves."""
        kin = np.einsum("lk,rqkb->rqlb", self.plan.kin.astype(np.float64), self._live.shared)
        wealth, starts = (of[:, self.plan.required, :-1] for of in (self._live.harm, self._live.starts))
        harm = mixed(wealth, starts, self._spent, first=self.plan.first[self.plan.required, :-1])
        return np.asarray((log_mean_exp(kin) >= enough) & self.plan.kin.any(axis=1) & (harm < np.log(SUSPECT)))


def _of(table: Doubles, pairs: tuple[Counts, ...]) -> Doubles:
    """The odds of releases and languages, where they differ."""
    return np.asarray(table[pairs] if table.ndim == 4 else table)


def _sums(gains: Doubles, rows: Counts, total: int) -> Doubles:
    """Sums `[total, ...]` of gains of the same row, where rows are in order."""
    sums = np.zeros((total, *gains.shape[1:]))
    if rows.size:
        present, begins = np.unique(rows, return_index=True)
        sums[present] = np.add.reduceat(gains, begins, axis=0)
    return sums

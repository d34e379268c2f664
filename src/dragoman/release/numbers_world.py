"""Releases of models of numbers that never were: a truth, what two versions say of it, and what is judged of it.

The ledger, the judge and the rule of the steps are those of a server; only the answers are drawn.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.records import Baseline
from dragoman.release.decision import decide
from dragoman.release.judge import Judge, plan_steps
from dragoman.release.ledger import Ledger
from dragoman.release.outcome import UNKNOWN, Number, Outcome
from dragoman.release.tally import Tally
from dragoman.spec import ReleaseSpec

__all__ = ["Ending", "NumbersWorld", "play_numbers", "said"]

HALF_WIDTH = 1.7  # of an interval: holds about nine tenths
BATCH = 100  # requests between two looks
EVALUATION = 1_000  # rows before traffic

Doubles = NDArray[np.float64]


class NumbersWorld(NamedTuple):
    """How far the answers of both are off beside what nobody can know, whose standard deviation is 1."""

    champion: float = 0.2
    challenger: float = 0.2
    shift: float = 0.0  # of the challenger's answers
    labels: float = 0.5  # share of requests whose truth comes

    def draw(self, count: int, rng: np.random.Generator) -> tuple[Doubles, Doubles, Doubles]:
        """The truths, and the answers of both, `[count]` each."""
        known = rng.normal(100.0, 20.0, count)
        truth = known + rng.normal(size=count)
        champion = known + self.champion * rng.normal(size=count)
        return truth, champion, known + self.challenger * rng.normal(size=count) + self.shift


class Ending(NamedTuple):
    """How a release ended, after how many requests, and what it was rolled back for."""

    status: Literal["promoted", "rolled back", "undecided"]
    requests: int
    metric: str = ""


def play_numbers(spec: ReleaseSpec, world: NumbersWorld, *, seed: int = 0, batches: int = 60) -> Ending:
    """Play one release, with at most so many batches of requests at each step. The same seed gives the same ending."""
    rng = np.random.default_rng(seed)
    usual = Baseline(texts=EVALUATION, disagreements=_disagreements(world, rng))
    ledger, judge, played = Ledger([UNKNOWN]), Judge(spec, {UNKNOWN: usual}, [UNKNOWN]), 0
    for step, percent in enumerate(plan_steps(spec)):
        action = "wait"
        for _ in range(batches):
            _answer(ledger, world, rng, step)
            played += BATCH
            decision = decide(judge.findings(dict(map(Tally.from_row, ledger.rows()))), spec, percent=percent)
            if decision.failed:
                return Ending("rolled back", played, decision.failed[0].metric)
            if (action := decision.action) == "go on":
                break
        if action != "go on":
            return Ending("undecided", played)
    return Ending("promoted", played)


def said(value: float, id: str = "", *, half: float = HALF_WIDTH) -> Outcome:
    """An answer with an interval of twice `half`."""
    return Outcome(UNKNOWN, id=id, numbers=(Number(value, value - half, value + half),))


def _disagreements(world: NumbersWorld, rng: np.random.Generator) -> int:
    """Of the evaluation, in which the challenger is as good as the champion: traffic has to show what it is."""
    _, champion, challenger = world._replace(challenger=world.champion, shift=0.0).draw(EVALUATION, rng)
    return int((np.abs(champion - challenger) > HALF_WIDTH).sum())


def _answer(ledger: Ledger, world: NumbersWorld, rng: np.random.Generator, step: int) -> None:
    """A batch of requests that both answer, and the truth of a share of them."""
    truth, champion, challenger = (part.tolist() for part in world.draw(BATCH, rng))
    ids = rng.integers(2**60, size=BATCH).tolist()
    one, other = (
        [said(value, f"{arm}{id}") for value, id in zip(part, ids, strict=True)]
        for arm, part in (("a", champion), ("b", challenger))
    )
    ledger.paired(ids, one, other, step=step)
    for value, id in zip(truth, ids, strict=True):
        if rng.random() < world.labels:
            ledger.labelled(f"a{id}", repr(value), step=step)

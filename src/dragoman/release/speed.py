"""How fast one loaded model is beside another: measured in turns, so that what disturbs the machine meets both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from dragoman.records import Record
from dragoman.serving.model import Model
from dragoman.serving.options import Options

__all__ = ["Ratio", "Speeds", "compare_speeds", "median_ratio"]

ROUNDS = 21
SINGLES = 5  # texts that each model answers one by one in a round
REPEATS = 3  # of each such text; the fastest counts, for disturbance only slows
BATCH_TOKENS = 512  # about so many in the batch of a round
EDGE = 7  # the interval of a median of 21 reaches from the seventh lowest to the seventh highest

Clock = Callable[[], float]


class Ratio(Record, frozen=True, kw_only=True):
    """The challenger's measure divided by the champion's: the median over rounds, with a distribution-free interval.

    With 21 rounds the interval from the seventh lowest to the seventh highest holds the median with 92%: each end errs
    in 4% of cases, and six disturbed rounds do not reach it.
    """

    value: float
    low: float
    high: float
    rounds: int
    champion: float  # median over rounds
    challenger: float


class Speeds(Record, frozen=True, kw_only=True):
    """Times of two models side by side."""

    single_ms: Ratio  # one text alone, from the text to its answer
    thousand_tokens_ms: Ratio  # compute of 1,000 tokens in batches; tokens as the champion's tokenizer cuts the texts


class Turn(NamedTuple):
    """What was measured of one model in one round, in seconds."""

    single: float
    batch: float


def compare_speeds(
    champion: Model, challenger: Model, texts: Sequence[str], *, clock: Clock = time.perf_counter, compute: Clock
) -> Speeds:
    """Measure both models on the same texts, in turns; each one begins every other round.

    `clock` gives seconds and `compute` seconds of work: the processor's time counts all threads. The result caches of
    both models are emptied before each measurement.
    """
    sample, tokens = _sample(champion, texts)
    singles = sample[:: max(1, len(sample) // SINGLES)][:SINGLES]
    turns: dict[int, list[Turn]] = {0: [], 1: []}
    for number in range(ROUNDS):
        for place in (0, 1) if number % 2 == 0 else (1, 0):
            model = (champion, challenger)[place]
            turns[place].append(_turn(model, sample, singles, clock=clock, compute=compute))
    return Speeds(
        single_ms=median_ratio(*([turn.single * 1_000 for turn in turns[place]] for place in (0, 1))),
        thousand_tokens_ms=median_ratio(*([turn.batch * 1e6 / tokens for turn in turns[place]] for place in (0, 1))),
    )


def median_ratio(champion: Sequence[float], challenger: Sequence[float]) -> Ratio:
    """Ratios round by round: their median, and the interval of the sign test (Thompson 1936)."""
    ratios = sorted(theirs / max(own, 1e-12) for own, theirs in zip(champion, challenger, strict=True))
    edge = min(EDGE, (len(ratios) + 1) // 2)
    return Ratio(
        value=statistics.median(ratios),
        low=ratios[edge - 1],
        high=ratios[-edge],
        rounds=len(ratios),
        champion=statistics.median(champion),
        challenger=statistics.median(challenger),
    )


def _turn(model: Model, batch: list[str], singles: list[str], *, clock: Clock, compute: Clock) -> Turn:
    """The batch once unmeasured: after the other model's turn, its threads come to rest and caches are filled."""
    _seconds(model, batch, clock)
    spent = _seconds(model, batch, compute)
    times = [min(_seconds(model, [text], clock, Options()) for _ in range(REPEATS)) for text in singles]
    return Turn(statistics.median(times), spent)


def _seconds(model: Model, texts: list[str], clock: Clock, options: Options = Options(priority="bulk")) -> float:  # noqa: B008 (frozen)
    engine = model.backbone.engine
    engine.cache.drop(engine.digest)
    started = clock()
    model.predict(texts, options=options)
    return clock() - started


def _sample(model: Model, texts: Sequence[str]) -> tuple[list[str], int]:
    """Texts of every length, evenly, of about `BATCH_TOKENS` tokens, and how many tokens they have."""
    encoded = model.backbone.tokenizer.encode_many(texts)
    lengths = {text: len(tokens.ids) for text, tokens in zip(texts, encoded, strict=True)}
    by_length = sorted(lengths, key=lambda text: (lengths[text], text))
    step = max(1.0, sum(lengths.values()) / BATCH_TOKENS)
    sample = [by_length[int(place)] for place in np.arange(step / 2, len(by_length), step)] or by_length[:1]
    return sample, sum(lengths[text] for text in sample)

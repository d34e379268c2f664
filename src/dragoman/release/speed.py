"""How fast one loaded model is beside another: measured in turns, so that what disturbs the machine meets both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from dragoman.records import Record, RowInput, TextInput
from dragoman.release.columns import read_by
from dragoman.serving.model import Model
from dragoman.serving.options import Options

__all__ = ["Ratio", "Speeds", "compare_speeds", "median_ratio"]

ROUNDS = 21
SINGLES = 5  # inputs that each model answers one by one in a round
REPEATS = 3  # of each such input; the fastest counts, for disturbance only slows
BATCH_TOKENS = 512  # about so many in the batch of a round
BATCH_ROWS = 256  # at most, where rows of a table are answered
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

    single_ms: Ratio  # one input alone, from it to its answer
    thousand_ms: Ratio  # compute of 1,000 of `counted` in batches
    counted: Literal["tokens", "rows"] = "tokens"  # tokens as the champion's tokenizer cuts the texts


class Sample(NamedTuple):
    """Inputs of a round, and how much work they are."""

    inputs: list[Any]
    size: int  # in tokens or rows
    counted: Literal["tokens", "rows"]


class Turn(NamedTuple):
    """What was measured of one model in one round, in seconds."""

    single: float
    batch: float


def compare_speeds(
    champion: Model, challenger: Model, inputs: Sequence[Any], *, clock: Clock = time.perf_counter, compute: Clock
) -> Speeds:
    """Measure both models on the same inputs, in turns; each one begins every other round.

    `clock` gives seconds and `compute` seconds of work: the processor's time counts all threads. The result caches of
    both models are emptied before each measurement.
    """
    sample = _sample(champion, inputs)
    singles = sample.inputs[:: max(1, len(sample.inputs) // SINGLES)][:SINGLES]
    turns: dict[int, list[Turn]] = {0: [], 1: []}
    for number in range(ROUNDS):
        for place in (0, 1) if number % 2 == 0 else (1, 0):
            model = (champion, challenger)[place]
            turns[place].append(_turn(model, sample.inputs, singles, clock=clock, compute=compute))
    return Speeds(
        single_ms=median_ratio(*([turn.single * 1_000 for turn in turns[place]] for place in (0, 1))),
        thousand_ms=median_ratio(*([turn.batch * 1e6 / sample.size for turn in turns[place]] for place in (0, 1))),
        counted=sample.counted,
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


def _turn(model: Model, batch: list[Any], singles: list[Any], *, clock: Clock, compute: Clock) -> Turn:
    """The batch once unmeasured: after the other model's turn, its threads come to rest and caches are filled."""
    _seconds(model, batch, clock)
    spent = _seconds(model, batch, compute)
    times = [min(_seconds(model, [one], clock, Options()) for _ in range(REPEATS)) for one in singles]
    return Turn(statistics.median(times), spent)


def _seconds(model: Model, inputs: list[Any], clock: Clock, options: Options = Options(priority="bulk")) -> float:  # noqa: B008 (frozen)
    engine, given = model.backbone.engine, [read_by(model, one) for one in inputs]
    engine.cache.drop(engine.digest)
    started = clock()
    model.predict(given, options=options)
    return clock() - started


def _sample(model: Model, inputs: Sequence[Any]) -> Sample:
    if isinstance(inputs[0], RowInput):
        every = max(1, -(-len(inputs) // BATCH_ROWS))
        rows = list(inputs[::every])
        return Sample(rows, len(rows), "rows")
    return _sample_of_texts(model, {_text_of(one): one for one in inputs})


def _sample_of_texts(model: Model, inputs: Mapping[str, Any]) -> Sample:
    """Texts of every length, evenly, of about `BATCH_TOKENS` tokens. `inputs` are by their texts."""
    tokenizer = model.backbone.tokenizer
    assert tokenizer is not None  # a model that reads texts has one
    encoded = tokenizer.encode_many(list(inputs))
    lengths = {text: len(tokens.ids) for text, tokens in zip(inputs, encoded, strict=True)}
    by_length = sorted(lengths, key=lambda text: (lengths[text], text))
    step = max(1.0, sum(lengths.values()) / BATCH_TOKENS)
    chosen = [by_length[int(place)] for place in np.arange(step / 2, len(by_length), step)] or by_length[:1]
    return Sample([inputs[text] for text in chosen], sum(lengths[text] for text in chosen), "tokens")


def _text_of(given: Any) -> str:
    return given.text if isinstance(given, TextInput) else str(given)

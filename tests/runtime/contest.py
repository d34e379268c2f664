"""Forms that answer and take time as a test says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dragoman.models.packing import PackedBatch
from dragoman.records import Form
from dragoman.runtime.answers import Reader
from dragoman.runtime.cuts import Cut
from dragoman.runtime.tuning import Contestant


class Clock:
    """Seconds that pass only when a session runs."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class TimedSession:
    """One-hot vectors of ids modulo 3, `rate` tokens a second; texts that have a token of `wrong` get another label."""

    def __init__(self, clock: Clock, rate: float, wrong: Sequence[int], log: list[str], name: str) -> None:
        self.clock, self.rate, self.wrong, self.log, self.name = clock, rate, list(wrong), log, name
        log.append(f"open {name}")

    def run(self, batch: PackedBatch) -> NDArray[np.float32]:
        self.clock.now += batch.tokens / self.rate
        self.log.append(f"run {self.name}")
        shifted = batch.input_ids + np.isin(batch.input_ids, self.wrong)
        return np.eye(3, dtype=np.float32)[shifted % 3]

    def close(self) -> None:
        self.log.append(f"close {self.name}")


class FirstToken:
    """A readout whose logits are the hidden state of a text's first token."""

    key = "first"

    def read(self, hidden: Any, batch: PackedBatch, texts: Sequence[int]) -> list[Any]:
        return [hidden[batch.first[text]] for text in texts]


class Contest:
    """Contestants over texts of one to three tokens, all of one reference id each."""

    def __init__(self, texts: int = 200, *, languages: Sequence[str] = ("de", "en")) -> None:
        self.clock, self.log = Clock(), list[str]()
        self.cuts = [Cut([10 + number] * (1 + number % 3), [(0, 1)] * (1 + number % 3), 1) for number in range(texts)]
        self.languages = [languages[number % len(languages)] for number in range(texts)]

    def contestant(
        self, name: str, *, rate: float, wrong: Sequence[int] = (), bytes: int = 1, cuts: list[Cut] | None = None
    ) -> Contestant:
        """`wrong` are numbers of texts that get another label."""
        form = Form(precision=name, backend="fake", threads=1)
        return Contestant(
            form,
            lambda: TimedSession(self.clock, rate, [10 + number for number in wrong], self.log, name),
            Reader(FirstToken(), "classification", 0),
            cuts or self.cuts,
            bytes,
        )

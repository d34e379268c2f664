from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from dragoman.models.packing import PackedBatch
from dragoman.release.speed import compare_speeds, median_ratio
from dragoman.runtime.base import FakeSession, Floats
from dragoman.serving.cache import ResultCache
from dragoman.serving.fakes import FakeClock, fake_backbone, fake_model
from dragoman.serving.model import Model

TEXTS = ["where is my order", "refund please", "cancel it", "где заказ", "refund my order please"]


class TimedSession(FakeSession):
    """Moves a clock by `each` seconds per token, and once by ten seconds if it is told to stumble."""

    def __init__(self, clock: FakeClock, each: float) -> None:
        super().__init__(3)
        self.clock, self.each, self.stumble, self.tokens = clock, each, False, 0

    def run(self, batch: PackedBatch) -> Floats:
        self.tokens += len(batch.input_ids)
        self.clock.now += self.each * len(batch.input_ids) + 10 * self.stumble
        self.stumble = False
        return super().run(batch)


class Two:
    """Two models whose texts take a second and three halves of a second per token."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.sessions = [TimedSession(self.clock, each) for each in (1.0, 1.5)]
        self.models = [self._model(session, name) for session, name in zip(self.sessions, "ab", strict=True)]

    def _model(self, session: TimedSession, name: str) -> Model:
        return fake_model(backbone=fake_backbone(session, digest=name, cache=ResultCache(1_000_000)), digest=name)

    def compare(self):
        return compare_speeds(*self.models, TEXTS, clock=self.clock, compute=self.clock)


@pytest.fixture
def two() -> Iterator[Two]:
    made = Two()
    yield made
    for model in made.models:
        model.close()


def test_both_measures_are_ratios_to_the_champion(two: Two) -> None:
    found = two.compare()

    for ratio in (found.single_ms, found.thousand_ms):
        assert (ratio.value, ratio.low, ratio.high, ratio.rounds) == pytest.approx((1.5, 1.5, 1.5, 21))
    assert found.thousand_ms.champion == pytest.approx(1_000_000)
    assert found.single_ms.champion == pytest.approx(4_000)  # the median text has four tokens


def test_answers_of_the_cache_are_not_measured(two: Two) -> None:
    two.compare()

    once = sum(len(text.split()) + 2 for text in TEXTS)
    assert [session.tokens for session in two.sessions] == [21 * 5 * once] * 2  # two batches, and each text three times


def test_a_stumble_of_the_machine_does_not_reach_the_ratio(two: Two) -> None:
    two.sessions[0].stumble = two.sessions[1].stumble = True

    assert two.compare().single_ms.value == pytest.approx(1.5)


def test_six_disturbed_rounds_on_either_side_do_not_reach_the_interval() -> None:
    found = median_ratio([1.0] * 21, [9.0] * 6 + [0.1] * 6 + [1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9])

    assert (found.value, found.low, found.high) == (1.5, 1.1, 1.9)


def test_the_interval_holds_the_median_as_often_as_it_says() -> None:
    drawn = np.random.default_rng(8).lognormal(sigma=0.5, size=(2_000, 21))
    found = [median_ratio([1.0] * 21, row) for row in drawn.tolist()]

    assert np.mean([one.low <= 1.0 <= one.high for one in found]) == pytest.approx(0.92, abs=0.02)


def test_one_round_is_its_own_interval() -> None:
    found = median_ratio([2.0], [3.0])

    assert (found.value, found.low, found.high, found.rounds) == (1.5, 1.5, 1.5, 1)

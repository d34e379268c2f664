from __future__ import annotations

import pytest
from tests.serving.conftest import MakeEngine
from tests.serving.pieces import pieces_of, results_of

from dragoman.errors import DragomanError
from dragoman.models.packing import PackedBatch
from dragoman.runtime.base import FakeSession, Floats
from dragoman.serving.cache import ResultCache
from dragoman.serving.fakes import FakeClock


class TimedSession(FakeSession):
    """Takes a second for each token, of which so many fit at once."""

    def __init__(self, clock: FakeClock, *, most_tokens: int = 1_000) -> None:
        super().__init__()
        self.clock, self.most_tokens = clock, most_tokens

    def run(self, batch: PackedBatch) -> Floats:
        self.clock.now += batch.tokens
        if batch.tokens > self.most_tokens:
            raise MemoryError
        return super().run(batch)


def test_a_text_has_the_share_of_its_batch_that_its_tokens_have(make_engine: MakeEngine) -> None:
    clock = FakeClock()
    engine = make_engine(TimedSession(clock), clock=clock)
    sequences = engine.submit(pieces_of([0, 2], [0, 1, 2], [0, 1, 1, 1, 2]))
    engine.step()
    assert results_of(sequences)
    assert [one.compute for one in sequences] == pytest.approx([2.0, 3.0, 5.0])


def test_identical_texts_share_what_one_of_them_takes(make_engine: MakeEngine) -> None:
    clock = FakeClock()
    engine = make_engine(TimedSession(clock), clock=clock)
    sequences = [one for _ in range(3) for one in engine.submit(pieces_of([0, 1, 2]))]
    engine.step()
    assert results_of(sequences)
    assert [one.compute for one in sequences] == pytest.approx([1.0] * 3)


def test_a_result_from_the_cache_took_nothing(make_engine: MakeEngine) -> None:
    clock = FakeClock()
    engine = make_engine(TimedSession(clock), clock=clock, cache=ResultCache(10_000))
    (first,) = engine.submit(pieces_of([0, 1, 2]))
    engine.step()
    (second,) = engine.submit(pieces_of([0, 1, 2]))
    assert results_of([first]) == results_of([second])
    assert (first.compute, second.compute) == (3.0, 0.0)


def test_the_shares_add_up_when_a_batch_runs_in_halves(make_engine: MakeEngine) -> None:
    clock = FakeClock()
    engine = make_engine(TimedSession(clock, most_tokens=4), clock=clock)
    started = clock.now
    sequences = engine.submit(pieces_of([0, 1, 2, 2], [0, 2, 2, 2]))
    engine.step()
    assert results_of(sequences)
    assert sum(one.compute for one in sequences) == pytest.approx(clock.now - started) == pytest.approx(16.0)


def test_what_failed_took_its_time_too(make_engine: MakeEngine) -> None:
    clock = FakeClock()
    engine = make_engine(TimedSession(clock, most_tokens=2), clock=clock)
    (sequence,) = engine.submit(pieces_of([0, 1, 2]))
    engine.step()
    with pytest.raises(DragomanError, match="not enough memory"):
        sequence.future.result(timeout=10)
    assert sequence.compute == 3.0

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from dragoman.errors import DragomanError, ModelNotReady, Unavailable
from dragoman.models.packing import PackedBatch
from dragoman.runtime.base import FakeSession, Outputs, Session
from dragoman.serving.engine import Engine
from dragoman.serving.fakes import HeldSession
from dragoman.serving.scheduler import Scheduler
from dragoman.serving.sequence import Sequence, Status
from dragoman.text.tokenizer import Encoded

MakeEngine = Callable[[Session], Engine]


def texts_of(*ids: list[int]) -> list[Encoded]:
    return [Encoded(one, False, 0) for one in ids]


def results_of(sequences: list[Sequence]) -> list[list[float]]:
    return [one.future.result(timeout=10).tolist() for one in sequences]


@pytest.fixture
def make_engine() -> Iterator[MakeEngine]:
    engines: list[Engine] = []

    def make(session: Session) -> Engine:
        scheduler = Scheduler(max_batch_tokens=64, max_queue_tokens=10_000)
        engines.append(Engine(session, scheduler, first_position=2))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


class LimitedSession(FakeSession):
    """Has memory for so many texts at once."""

    def __init__(self, most_texts: int, error: Exception) -> None:
        super().__init__()
        self.most_texts, self.error = most_texts, error

    def run(self, batch: PackedBatch) -> Outputs:
        outputs = super().run(batch)
        if batch.texts > self.most_texts:
            raise self.error
        return outputs


class FailingSession(FakeSession):
    """Fails on token 13."""

    def run(self, batch: PackedBatch) -> Outputs:
        if 13 in batch.input_ids:
            raise KeyError("secret")
        return super().run(batch)


def test_a_step_schedules_runs_and_finishes_one_batch(make_engine: MakeEngine) -> None:
    session = FakeSession()
    engine = make_engine(session)
    sequences = engine.submit(texts_of([0, 4, 2], [0, 2]))
    engine.step()
    assert results_of(sequences) == [[1.0, 1.0, 1.0], [1.0, 0.0, 1.0]]
    assert session.batches[0].position_ids.tolist() == [2, 3, 4, 2, 3]


def test_a_step_without_texts_does_nothing(make_engine: MakeEngine) -> None:
    session = FakeSession()
    make_engine(session).step()
    assert session.batches == []


def test_what_arrives_while_a_batch_runs_makes_up_the_next_one(make_engine: MakeEngine) -> None:
    session = HeldSession()
    engine = make_engine(session)
    engine.start()
    sequences = engine.submit(texts_of([0, 2]))
    assert session.entered.wait(10)
    sequences += [one for _ in range(4) for one in engine.submit(texts_of([0, 2]))]
    session.gate.set()
    results_of(sequences)
    assert [batch.texts for batch in session.batches] == [1, 4]


def test_an_answer_is_the_same_alone_and_among_others_in_any_order(make_engine: MakeEngine) -> None:
    engine = make_engine(FakeSession())
    engine.start()
    texts = [[number % 7] * (1 + number % 20) for number in range(60)]
    alone = [results_of(engine.submit(texts_of(text)))[0] for text in texts]
    order = np.random.default_rng(0).permutation(len(texts))
    together = results_of(engine.submit(texts_of(*[texts[index] for index in order])))
    assert together == [alone[index] for index in order]


def test_many_threads_get_their_own_answers(make_engine: MakeEngine) -> None:
    engine = make_engine(FakeSession())
    engine.start()
    answers: dict[int, list[list[float]]] = {}

    def ask(number: int) -> None:
        answers[number] = results_of(engine.submit(texts_of([0] * number, [1] * number)))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(1, 33)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: [[number, 0.0, 0.0], [0.0, number, 0.0]] for number in range(1, 33)}


def test_an_error_fails_its_batch_and_the_engine_lives_on(make_engine: MakeEngine) -> None:
    engine = make_engine(FailingSession())
    engine.start()
    (failed,) = engine.submit(texts_of([0, 13, 2]))
    with pytest.raises(KeyError, match="secret"):
        failed.future.result(timeout=10)
    assert failed.status is Status.FAILED
    assert results_of(engine.submit(texts_of([0, 2]))) == [[1.0, 0.0, 1.0]]


def test_a_session_that_answers_too_few_texts_fails_them(make_engine: MakeEngine) -> None:
    class Forgetful(FakeSession):
        def run(self, batch: PackedBatch) -> Outputs:
            return Outputs(np.zeros((0, 0), np.float32), np.zeros((1, 3), np.float32))

    engine = make_engine(Forgetful())
    sequences = engine.submit(texts_of([0, 2], [0, 2]))
    engine.step()
    with pytest.raises(DragomanError, match="1 rows for 2 texts"):
        sequences[0].future.result(timeout=10)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("Failed to allocate memory"), RuntimeError("bad_alloc")])
def test_a_batch_without_enough_memory_runs_in_halves(make_engine: MakeEngine, error: Exception) -> None:
    session = LimitedSession(2, error)
    engine = make_engine(session)
    sequences = engine.submit(texts_of(*[[number] for number in range(5)]))
    engine.step()
    assert [row.index(1.0) for row in results_of(sequences)] == [0, 1, 2, 0, 1]
    assert [batch.texts for batch in session.batches] == [5, 2, 3, 1, 2]


def test_a_single_text_without_enough_memory_is_told_to_come_back(make_engine: MakeEngine) -> None:
    engine = make_engine(LimitedSession(0, MemoryError()))
    (sequence,) = engine.submit(texts_of([0, 4, 2]))
    engine.step()
    with pytest.raises(Unavailable, match="not enough memory for a text of 3 tokens"):
        sequence.future.result(timeout=10)


def test_cancelled_texts_never_reach_the_session(make_engine: MakeEngine) -> None:
    session = HeldSession()
    engine = make_engine(session)
    engine.start()
    running = engine.submit(texts_of([0, 2]))
    assert session.entered.wait(10)
    given_up, kept = engine.submit(texts_of([0, 9, 2])), engine.submit(texts_of([0, 8, 2]))
    engine.cancel(given_up)
    session.gate.set()
    results_of(running + kept)
    assert given_up[0].status is Status.CANCELLED
    assert not any(9 in batch.input_ids for batch in session.batches)


def test_draining_finishes_what_waits_and_takes_nothing_new(make_engine: MakeEngine) -> None:
    session = HeldSession()
    engine = make_engine(session)
    engine.start()
    sequences = engine.submit(texts_of([0, 2], [0, 4, 2]))
    assert not engine.drain(timeout=0.01)
    with pytest.raises(ModelNotReady, match="being shut down"):
        engine.submit(texts_of([0, 2]))
    session.gate.set()
    assert engine.drain(timeout=10)
    assert [one.status for one in sequences] == [Status.FINISHED] * 2


def test_closing_fails_what_waits_and_ends_the_thread(make_engine: MakeEngine) -> None:
    session = HeldSession()
    engine = make_engine(session)
    engine.start()
    (running,) = engine.submit(texts_of([0, 2]))
    assert session.entered.wait(10)
    (waiting,) = engine.submit(texts_of([0, 2]))
    closer = threading.Thread(target=engine.close)
    closer.start()
    with pytest.raises(ModelNotReady, match="closed before"):
        waiting.future.result(timeout=10)
    session.gate.set()
    closer.join(10)
    assert running.status is Status.FINISHED
    assert not closer.is_alive()


def test_an_idle_engine_uses_no_processor_time(make_engine: MakeEngine) -> None:
    engine = make_engine(FakeSession())
    engine.start()
    before = time.process_time()
    time.sleep(0.2)
    assert time.process_time() - before < 0.05

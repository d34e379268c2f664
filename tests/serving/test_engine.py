from __future__ import annotations

import random
import threading
import time

import numpy as np
import pytest
from tests.serving.conftest import MakeEngine
from tests.serving.pieces import pieces_of, results_of

from dragoman.errors import DeadlineExceeded, DragomanError, ModelNotReady, Overloaded, Unavailable
from dragoman.models.packing import PackedBatch
from dragoman.runtime.base import FakeSession, Floats
from dragoman.serving.cache import ResultCache
from dragoman.serving.fakes import CountReadout, DividedFakeSession, FakeClock, HeldSession
from dragoman.serving.options import Options
from dragoman.serving.sequence import Sequence, Status
from dragoman.serving.tasks.base import Piece


class LimitedSession(FakeSession):
    """Has memory for so many texts at once."""

    def __init__(self, most_texts: int, error: Exception) -> None:
        super().__init__()
        self.most_texts, self.error = most_texts, error

    def run(self, batch: PackedBatch) -> Floats:
        hidden = super().run(batch)
        if batch.texts > self.most_texts:
            raise self.error
        return hidden


class FailingSession(FakeSession):
    """Fails on token 13."""

    def run(self, batch: PackedBatch) -> Floats:
        if 13 in batch.input_ids:
            raise KeyError("secret")
        return super().run(batch)


class FailingReadout(CountReadout):
    """Fails on every text."""

    def read(self, hidden: Floats, batch: PackedBatch, texts: object) -> list[Floats]:
        raise KeyError("secret")


# Batches


def test_a_step_schedules_runs_and_finishes_one_batch(make_engine: MakeEngine) -> None:
    session = FakeSession()
    engine = make_engine(session)
    sequences = engine.submit(pieces_of([0, 4, 2], [0, 2]))
    engine.step()
    assert results_of(sequences) == [[1.0, 1.0, 1.0], [1.0, 0.0, 1.0]]
    assert session.batches[0].position_ids.tolist() == [2, 3, 4, 2, 3]


def test_a_step_without_texts_does_nothing(make_engine: MakeEngine) -> None:
    session = FakeSession()
    make_engine(session).step()
    assert session.batches == []


def test_token_types_reach_the_session(make_engine: MakeEngine) -> None:
    session = FakeSession()
    engine = make_engine(session)
    engine.submit([Piece([0, 4, 2], [0, 1, 1], CountReadout()), *pieces_of([0, 2])])
    engine.step()
    assert session.batches[0].type_ids.tolist() == [0, 1, 1, 0, 0]


def test_what_arrives_while_a_batch_runs_makes_up_the_next_one(make_engine: MakeEngine) -> None:
    session = HeldSession()
    engine = make_engine(session)
    engine.start()
    sequences = engine.submit(pieces_of([0, 2]))
    assert session.entered.wait(10)
    sequences += [one for number in range(4) for one in engine.submit(pieces_of([0, number]))]
    session.gate.set()
    results_of(sequences)
    assert [batch.texts for batch in session.batches] == [1, 3]  # the running text is asked for again, and joined


def test_an_answer_is_the_same_alone_and_among_others_in_any_order(make_engine: MakeEngine) -> None:
    """PROTOCOLS 6.13: batch neighbours."""
    engine = make_engine()
    engine.start()
    texts = [[number % 7] * (1 + number % 20) for number in range(60)]
    alone = [results_of(engine.submit(pieces_of(text)))[0] for text in texts]
    order = np.random.default_rng(0).permutation(len(texts))
    together = results_of(engine.submit(pieces_of(*[texts[index] for index in order])))
    assert together == [alone[index] for index in order]


def test_each_readout_of_a_batch_is_called_once_with_its_own_texts(make_engine: MakeEngine) -> None:
    session, first, second = FakeSession(), CountReadout("first"), CountReadout("second")
    engine = make_engine(session)
    sequences = engine.submit([Piece([number], None, (first, second)[number % 2]) for number in range(5)])
    engine.step()
    assert (first.calls, second.calls, len(session.batches)) == ([[0, 2, 4]], [[1, 3]], 1)
    assert [row.index(1.0) for row in results_of(sequences)] == [0, 1, 2, 0, 1]


def test_many_threads_get_their_own_answers(make_engine: MakeEngine) -> None:
    engine = make_engine()
    engine.start()
    answers: dict[int, list[list[float]]] = {}

    def ask(number: int) -> None:
        answers[number] = results_of(engine.submit(pieces_of([0] * number, [1] * number)))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(1, 33)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: [[number, 0.0, 0.0], [0.0, number, 0.0]] for number in range(1, 33)}


def test_an_idle_engine_uses_no_processor_time(make_engine: MakeEngine) -> None:
    engine = make_engine()
    engine.start()
    results_of(engine.submit(pieces_of([0, 2])))
    before = time.process_time()
    time.sleep(0.2)
    assert time.process_time() - before < 0.05


# Errors


def test_an_error_fails_its_batch_and_the_engine_lives_on(make_engine: MakeEngine) -> None:
    """PROTOCOLS 6.10: an exception in the worker, and everybody waits for ever."""
    engine = make_engine(FailingSession())
    engine.start()
    (failed,) = engine.submit(pieces_of([0, 13, 2]))
    with pytest.raises(KeyError, match="secret"):
        failed.future.result(timeout=10)
    assert failed.status is Status.FAILED
    assert results_of(engine.submit(pieces_of([0, 2]))) == [[1.0, 0.0, 1.0]]


def test_a_readout_that_fails_fails_its_own_texts_only(make_engine: MakeEngine) -> None:
    engine = make_engine()
    failed, answered = engine.submit([Piece([0, 2], None, FailingReadout("failing")), *pieces_of([0, 2])])
    engine.step()
    assert results_of([answered]) == [[1.0, 0.0, 1.0]]
    with pytest.raises(KeyError, match="secret"):
        failed.future.result(timeout=10)


def test_a_session_that_answers_too_few_tokens_fails_them(make_engine: MakeEngine) -> None:
    class Forgetful(FakeSession):
        def run(self, batch: PackedBatch) -> Floats:
            return np.zeros((1, 3), np.float32)

    engine = make_engine(Forgetful())
    sequences = engine.submit(pieces_of([0, 2], [0, 4]))
    engine.step()
    with pytest.raises(DragomanError, match="1 vectors for 4 tokens"):
        sequences[0].future.result(timeout=10)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("Failed to allocate memory"), RuntimeError("bad_alloc")])
def test_a_batch_without_enough_memory_runs_in_halves(make_engine: MakeEngine, error: Exception) -> None:
    session = LimitedSession(2, error)
    engine = make_engine(session)
    sequences = engine.submit(pieces_of(*[[number] for number in range(5)]))
    engine.step()
    assert [row.index(1.0) for row in results_of(sequences)] == [0, 1, 2, 0, 1]
    assert [batch.texts for batch in session.batches] == [5, 2, 3, 1, 2]


def test_a_single_text_without_enough_memory_is_told_to_come_back(make_engine: MakeEngine) -> None:
    engine = make_engine(LimitedSession(0, MemoryError()))
    (sequence,) = engine.submit(pieces_of([0, 4, 2]))
    engine.step()
    with pytest.raises(Unavailable, match="not enough memory for a text of 3 tokens"):
        sequence.future.result(timeout=10)


def test_everybody_who_failed_together_has_an_error_of_their_own(make_engine: MakeEngine) -> None:
    engine = make_engine(LimitedSession(0, MemoryError()))
    sequences = engine.submit(pieces_of([0, 2])) + engine.submit(pieces_of([0, 2]))
    engine.step()
    first, second = (one.future.exception(timeout=10) for one in sequences)
    assert str(first) == str(second)
    assert first is not second


def test_a_request_is_refused_whole_before_any_of_it_runs(make_engine: MakeEngine) -> None:
    """PROTOCOLS 6.5: part of a request computed, then 429."""
    session = FakeSession()
    engine = make_engine(session)
    engine.submit(pieces_of([1] * 9_000))
    with pytest.raises(Overloaded):
        engine.submit(pieces_of([2] * 500, [3] * 600))
    assert (engine.scheduler.waiting_tokens, engine.scheduler.waiting_pieces) == (9_000, 1)


def test_a_late_text_is_told_so_and_never_runs(make_engine: MakeEngine, clock: FakeClock) -> None:
    session = FakeSession()
    engine = make_engine(session, clock=clock)
    (late,) = engine.submit(pieces_of([0, 2]), Options(deadline=clock.now + 1))
    (kept,) = engine.submit(pieces_of([0, 4, 2]))
    clock.now += 2
    engine.step()
    with pytest.raises(DeadlineExceeded, match="not enough time left") as caught:
        late.future.result(timeout=10)
    assert caught.value.status == 504
    assert results_of([kept]) == [[1.0, 1.0, 1.0]]
    assert [batch.texts for batch in session.batches] == [1]


def test_when_all_are_late_nothing_runs(make_engine: MakeEngine, clock: FakeClock) -> None:
    session = FakeSession()
    engine = make_engine(session, clock=clock)
    (late,) = engine.submit(pieces_of([0, 2]), Options(deadline=clock.now + 1))
    clock.now += 2
    engine.step()
    assert late.status is Status.FAILED
    assert session.batches == []
    assert engine.drain(timeout=0)


# Identical texts and the cache


def test_identical_texts_in_flight_run_once(make_engine: MakeEngine) -> None:
    session = HeldSession()
    engine = make_engine(session)
    engine.start()
    leader = engine.submit(pieces_of([0, 4, 2]))
    assert session.entered.wait(10)
    followers = [one for _ in range(50) for one in engine.submit(pieces_of([0, 4, 2]))]
    session.gate.set()
    assert results_of(leader + followers) == [[1.0, 1.0, 1.0]] * 51
    assert len(session.batches) == 1


def test_a_cancelled_leader_runs_for_its_followers(make_engine: MakeEngine) -> None:
    session = FakeSession()
    engine = make_engine(session)
    leader, follower = engine.submit(pieces_of([0, 2])), engine.submit(pieces_of([0, 2]))
    engine.cancel(leader)
    engine.step()
    assert results_of(follower) == [[1.0, 0.0, 1.0]]
    assert leader[0].status is Status.CANCELLED


def test_an_error_reaches_all_followers(make_engine: MakeEngine) -> None:
    engine = make_engine(FailingSession())
    sequences = [one for _ in range(3) for one in engine.submit(pieces_of([13]))]
    engine.step()
    assert [type(one.future.exception(timeout=10)) for one in sequences] == [KeyError] * 3


def test_texts_of_other_models_readouts_and_types_are_not_identical(make_engine: MakeEngine) -> None:
    session = FakeSession()
    engine = make_engine(session)
    engine.submit(pieces_of([0, 2]), head="one")
    engine.submit(pieces_of([0, 2]), head="two")
    engine.submit([Piece([0, 2], None, CountReadout("other"))], head="one")
    engine.submit([Piece([0, 2], [0, 1], CountReadout())], head="one")
    engine.submit([Piece([0, 2], [0, 0], CountReadout())], head="one")  # zeros are what no types mean
    engine.step()
    assert session.batches[0].texts == 4


def test_a_hit_never_reaches_the_worker(make_engine: MakeEngine) -> None:
    """PROTOCOLS 6.2: a hit that still runs the model."""
    session = FakeSession()
    engine = make_engine(session, cache=ResultCache(10_000))
    first = engine.submit(pieces_of([0, 4, 2]))
    engine.step()
    again = engine.submit(pieces_of([0, 4, 2]))
    assert again[0].status is Status.FINISHED
    assert results_of(again) == results_of(first)
    assert len(session.batches) == 1


def test_a_hit_is_answered_also_when_the_queue_is_full(make_engine: MakeEngine) -> None:
    engine = make_engine(cache=ResultCache(10_000))
    engine.submit(pieces_of([0, 4, 2]))
    engine.step()
    engine.submit(pieces_of([1] * 10_000))
    assert results_of(engine.submit(pieces_of([0, 4, 2]))) == [[1.0, 1.0, 1.0]]


def test_two_models_that_share_a_cache_never_get_each_others_answers(make_engine: MakeEngine) -> None:
    """PROTOCOLS 6.1: another model's answer from the cache."""
    cache = ResultCache(10_000)
    one = make_engine(FakeSession(3), cache=cache, digest="one")
    two = make_engine(FakeSession(4), cache=cache, digest="two")
    found = []
    for engine in (one, two, one, two):
        found.append(engine.submit(pieces_of([3, 2])))
        engine.step()
    answers = [results_of(sequences)[0] for sequences in found]
    assert answers == [[1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0]] * 2
    assert (len(cache), one.scheduler.pace.batches) == (2, 1)


def test_errors_are_not_cached(make_engine: MakeEngine) -> None:
    cache = ResultCache(10_000)
    engine = make_engine(FailingSession(), cache=cache)
    engine.submit(pieces_of([13]))
    engine.step()
    assert len(cache) == 0


def test_results_cannot_be_changed_by_who_gets_them(make_engine: MakeEngine) -> None:
    engine = make_engine()
    (sequence,) = engine.submit(pieces_of([0, 2]))
    engine.step()
    with pytest.raises(ValueError, match="read-only"):
        sequence.future.result(timeout=10)[0] = 7.0


def test_closing_forgets_the_results_of_this_engine_only(make_engine: MakeEngine) -> None:
    cache = ResultCache(10_000)
    engines = [make_engine(cache=cache, digest=digest) for digest in ("one", "two")]
    for engine in engines:
        engine.submit(pieces_of([0, 2]))
        engine.step()
    engines[0].close()
    assert len(cache) == 1


# Cancelling, draining, closing


def test_cancelled_texts_never_reach_the_session(make_engine: MakeEngine) -> None:
    session = HeldSession()
    engine = make_engine(session)
    engine.start()
    running = engine.submit(pieces_of([0, 2]))
    assert session.entered.wait(10)
    given_up, kept = engine.submit(pieces_of([0, 9, 2])), engine.submit(pieces_of([0, 8, 2]))
    engine.cancel(given_up)
    session.gate.set()
    results_of(running + kept)
    assert given_up[0].status is Status.CANCELLED
    assert not any(9 in batch.input_ids for batch in session.batches)


def test_a_future_cancelled_past_the_engine_is_dropped(make_engine: MakeEngine) -> None:
    session = FakeSession()
    engine = make_engine(session)
    given_up, kept = engine.submit(pieces_of([0, 2], [0, 4]))
    given_up.future.cancel()
    engine.step()
    assert results_of([kept]) == [[1.0, 1.0, 0.0]]
    assert (session.batches[0].texts, engine.scheduler.waiting_pieces) == (1, 0)


def test_draining_finishes_what_waits_and_takes_nothing_new(make_engine: MakeEngine) -> None:
    session = HeldSession()
    engine = make_engine(session)
    engine.start()
    sequences = engine.submit(pieces_of([0, 2], [0, 4, 2]))
    assert not engine.drain(timeout=0.01)
    with pytest.raises(ModelNotReady, match="being shut down"):
        engine.submit(pieces_of([0, 2]))
    session.gate.set()
    assert engine.drain(timeout=10)
    assert [one.status for one in sequences] == [Status.FINISHED] * 2


def test_closing_fails_what_waits_and_ends_the_threads(make_engine: MakeEngine) -> None:
    session = HeldSession()
    engine = make_engine(session)
    engine.start()
    (running,) = engine.submit(pieces_of([0, 2]))
    assert session.entered.wait(10)
    (waiting,) = engine.submit(pieces_of([0, 4]))
    closer = threading.Thread(target=engine.close)
    closer.start()
    with pytest.raises(ModelNotReady, match="closed before"):
        waiting.future.result(timeout=10)
    session.gate.set()
    closer.join(10)
    assert running.status is Status.FINISHED
    assert not closer.is_alive()


def test_closing_does_not_wait_for_a_stuck_session(make_engine: MakeEngine) -> None:
    session = HeldSession()
    engine = make_engine(session)
    engine.start()
    (running,) = engine.submit(pieces_of([0, 2]))
    assert session.entered.wait(10)
    engine.close(timeout=0)
    with pytest.raises(ModelNotReady):
        running.future.result(timeout=0)
    session.gate.set()


# Probes


def test_a_probe_runs_one_token(make_engine: MakeEngine) -> None:
    session = FakeSession()
    engine = make_engine(session, cache=ResultCache(10_000))
    engine.start()
    engine.probe(timeout=10)
    assert [batch.input_ids.tolist() for batch in session.batches] == [[0]]


def test_a_probe_after_an_answer_runs_nothing(make_engine: MakeEngine, clock: FakeClock) -> None:
    session = FakeSession()
    engine = make_engine(session, clock=clock)
    engine.start()
    results_of(engine.submit(pieces_of([0, 2])))
    engine.probe(timeout=10)
    assert len(session.batches) == 1
    clock.now += 60
    engine.probe(timeout=10)
    assert len(session.batches) == 2


def test_a_probe_goes_with_the_next_batch_before_all_that_waits(make_engine: MakeEngine) -> None:
    session = HeldSession()
    engine = make_engine(session, max_batch_tokens=16)
    engine.start()
    engine.submit(pieces_of([1, 2]))
    assert session.entered.wait(10)
    engine.submit(pieces_of(*[[number] * 8 for number in range(20)]))
    probe = threading.Thread(target=engine.probe, args=(10,))
    probe.start()
    while engine.scheduler.waiting_pieces < 21:
        time.sleep(0.001)
    session.gate.set()
    probe.join(10)
    assert session.batches[1].lengths.tolist() == [1, 8, 8]


def test_a_probe_of_a_session_that_does_not_answer_fails(make_engine: MakeEngine) -> None:
    session = HeldSession()
    engine = make_engine(session)
    engine.start()
    with pytest.raises(Unavailable, match=r"no answer within 0\.01 s"):
        engine.probe(timeout=0.01)
    session.gate.set()


def test_a_probe_of_a_session_that_gives_no_numbers_fails(make_engine: MakeEngine) -> None:
    class Broken(FakeSession):
        def run(self, batch: PackedBatch) -> Floats:
            return super().run(batch) * np.float32("nan")

    engine = make_engine(Broken())
    engine.start()
    with pytest.raises(DragomanError, match="no usable numbers"):
        engine.probe(timeout=10)


def test_a_probe_of_a_closed_engine_fails(make_engine: MakeEngine) -> None:
    engine = make_engine()
    engine.close()
    with pytest.raises(ModelNotReady):
        engine.probe()


# Everything at once


def test_under_a_storm_every_future_resolves_and_counts_add_up(make_engine: MakeEngine) -> None:
    """PROTOCOLS 6.11: counters that are not decremented, or not atomically."""
    engine = make_engine(FailingSession(), cache=ResultCache(2_000))
    engine.start()
    made: list[Sequence] = []
    wrong: list[object] = []

    def storm(seed: int) -> None:
        draw = random.Random(seed)
        for _ in range(250):
            texts = [[draw.randrange(16)] * draw.randrange(1, 9) for _ in range(draw.randrange(1, 4))]
            options = Options(
                priority=draw.choice(["online", "bulk"]),
                caller=str(seed % 3),
                deadline=draw.choice([None, time.monotonic() + draw.random() / 50]),
            )
            try:
                sequences = engine.submit(pieces_of(*texts), options)
            except (DeadlineExceeded, Overloaded):
                continue
            made.extend(sequences)
            if draw.random() < 0.3:
                engine.cancel(sequences)
            elif draw.random() < 0.3:
                wrong.extend(one for one in zip(texts, sequences, strict=True) if not is_right(*one))

    threads = [threading.Thread(target=storm, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert engine.drain(timeout=20)
    assert wrong == []
    assert {one.status for one in made} <= {Status.FINISHED, Status.FAILED, Status.CANCELLED}
    assert (engine.scheduler.waiting_tokens, engine.scheduler.waiting_pieces, engine.scheduler._works) == (0, 0, {})


def is_right(text: list[int], sequence: Sequence) -> bool:
    try:
        result = sequence.future.result(timeout=10)
    except KeyError:
        return True  # the failing token was in its batch
    except DeadlineExceeded:
        return sequence.deadline is not None
    return result.tolist() == [float(len(text)) if text[0] % 3 == place else 0.0 for place in range(3)]


def test_features_reach_the_session_beside_their_texts(make_engine: MakeEngine) -> None:
    session, row = FakeSession(), np.ones(2, dtype=np.float32)
    engine = make_engine(session)
    engine.submit([Piece([0, 4, 2], None, CountReadout(), row), *pieces_of([0, 2])])
    engine.step()
    features = session.batches[0].features
    assert features is not None
    assert [one if one is None else one.tolist() for one in features] == [[1.0, 1.0], None]


def test_texts_with_other_features_are_not_identical_and_equal_ones_are(make_engine: MakeEngine) -> None:
    session = FakeSession()
    engine = make_engine(session)
    for value in (1, 2, 1):
        engine.submit([Piece([0, 2], None, CountReadout(), np.full(2, value, dtype=np.float32))])
    engine.submit(pieces_of([0, 2]))
    engine.step()
    assert session.batches[0].texts == 3


def test_halves_of_a_batch_keep_their_features(make_engine: MakeEngine) -> None:
    session = LimitedSession(1, MemoryError())
    engine = make_engine(session)
    engine.submit([Piece([0, 2], None, CountReadout(), np.full(1, value, dtype=np.float32)) for value in (1, 2)])
    engine.step()
    halves = [features[0] for batch in session.batches[1:] if (features := batch.features)]
    assert [None if row is None else row.tolist() for row in halves] == [[1.0], [2.0]]


# Halves


def test_two_batches_run_at_once_on_a_session_of_two_halves(make_engine: MakeEngine) -> None:
    session = DividedFakeSession(meets=True)
    engine = make_engine(session, max_batch_tokens=4_096)
    sequences = engine.submit(pieces_of(*[[number] * 4 for number in range(199)]))
    engine.start()
    assert len(results_of(sequences)) == 199
    assert session.beside == [set(), {0}]


def test_half_of_a_session_costs_half_of_its_seconds(make_engine: MakeEngine, clock: FakeClock) -> None:
    class Slow(DividedFakeSession):
        def run(self, batch: PackedBatch, half: int | None = None) -> Floats:
            clock.now += 1.0
            return super().run(batch, half)

    engine = make_engine(Slow(), max_batch_tokens=4_096, clock=clock)
    sequences = engine.submit(pieces_of(*[[number] * 4 for number in range(100)]))
    engine.step()
    finished = [one for one in sequences if one.future.done()]
    assert sum(one.compute for one in finished) == pytest.approx(0.5)


def test_a_text_alone_gets_the_whole_session(make_engine: MakeEngine) -> None:
    session = DividedFakeSession()
    engine = make_engine(session)
    engine.start()
    results_of(engine.submit(pieces_of([1, 2])))
    assert session.beside == [set()]


def test_a_storm_of_requests_gets_right_answers_from_both_halves(make_engine: MakeEngine) -> None:
    session = DividedFakeSession()
    engine = make_engine(session, max_batch_tokens=512)
    engine.start()
    rows = [[(number * place) % 5 for place in range(1, 30)] for number in range(400)]
    answers: dict[int, list[list[float]]] = {}

    def ask(first: int) -> None:
        answers[first] = results_of(engine.submit(pieces_of(*rows[first : first + 20])))

    threads = [threading.Thread(target=ask, args=(first,)) for first in range(0, 400, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    alone = results_of(engine.submit(pieces_of(*rows)))
    assert [row for first in range(0, 400, 20) for row in answers[first]] == alone
    assert session.errors == []


def test_both_halves_end_when_the_engine_closes(make_engine: MakeEngine) -> None:
    engine = make_engine(DividedFakeSession(), max_batch_tokens=512)
    engine.start()
    results_of(engine.submit(pieces_of(*[[1, 2, 3]] * 10)))
    engine.close(timeout=5)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("dragoman-engine")]


def test_what_is_being_prepared_keeps_others_out_until_it_has_come(make_engine: MakeEngine) -> None:
    engine = make_engine()
    with engine.expecting(9_990, 10, Options()), pytest.raises(Overloaded):
        engine.submit(pieces_of([1] * 20))
    assert engine.submit(pieces_of([1] * 20))
